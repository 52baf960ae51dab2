import { randomUUID } from "node:crypto";
import { InMemoryChatMessageHistory } from "@langchain/core/chat_history";
import { type BaseMessage, HumanMessage } from "@langchain/core/messages";
import { MemorySaver } from "@langchain/langgraph";
import { createAgent, fakeModel } from "langchain";
import { describe, expect, test } from "vitest";
import { chatHistoryMiddleware } from "../../../src/agent/index.ts";
import { agentOpener, ask, lines, respondWithTurn, shown, weather } from "../../support/agent.ts";
import { startClockAnew } from "../../support/clock.ts";
import { openClient, ownKeyspace } from "../../support/session.ts";
import { watchClient } from "../../support/watch.ts";

const client = openClient();
const keyspace = ownKeyspace(client);

const openAgent = agentOpener(client, keyspace);

/** A client whose first writes fail, before or after they take effect. */
function failingWrites(times: number, when: "before" | "after") {
  let left = times;
  const lost = new Error("the node went away");
  const { watched, requests } = watchClient(client, async ({ queries }, send) => {
    const fails = /^INSERT/.test(queries[0] ?? "") && left > 0;
    if (fails) left -= 1;
    if (fails && when === "before") throw lost;
    const result = await send();
    if (fails) throw lost;
    return result;
  });
  return { watched, writes: () => requests.filter(({ queries }) => /^INSERT/.test(queries[0] ?? "")).length };
}

describe.each(["before", "after"] as const)("a write that fails %s it took effect", (when) => {
  test("after the run: invoke rejects with the library's error", async () => {
    const { watched } = failingWrites(1, when);
    const model = fakeModel();
    respondWithTurn(model, 1);
    const { agent } = openAgent({ model, save: "run", client: watched });
    await expect(agent.invoke(ask(1))).rejects.toMatchObject({ name: "CassandraHistoryError", code: "WRITE_FAILED" });
  });

  test.each(["the same process", "another process"])(
    "with a checkpointer: invoke(null) in %s makes the write again, without a model call, and stores nothing twice",
    async (who) => {
      const { watched, writes } = failingWrites(when === "before" ? 2 : 1, when);
      const model = fakeModel();
      respondWithTurn(model, 1);
      const sessionId = randomUUID();
      const checkpointer = new MemorySaver();
      const thread = { configurable: { thread_id: sessionId } };
      const setting = { model, save: "run", sessionId, checkpointer, client: watched } as const;
      const { agent, history } = openAgent(setting);
      await expect(agent.invoke(ask(1), thread)).rejects.toThrow();
      if (who === "another process") startClockAnew(0);
      const again = who === "the same process" ? agent : openAgent(setting).agent;
      if (when === "before") await expect(again.invoke(null, thread)).rejects.toThrow();
      await again.invoke(null, thread);
      expect(model.callCount).toBe(2);
      expect(writes()).toBe(when === "before" ? 3 : 1);
      expect(shown(await history.getMessages())).toEqual(lines(1));
      respondWithTurn(model, 2);
      await again.invoke(ask(2), thread);
      expect(shown(await history.getMessages())).toEqual([...lines(1), ...lines(2)]);
    },
  );

  test("before the first model call, with save: step: invoke rejects; a second invoke stores the question once", async () => {
    const { watched } = failingWrites(1, when);
    const model = fakeModel();
    const { agent, history } = openAgent({ model, save: "step", client: watched });
    await expect(agent.invoke(ask(1, "q1"))).rejects.toMatchObject({ code: "WRITE_FAILED" });
    expect(model.callCount).toBe(0);
    respondWithTurn(model, 1);
    await agent.invoke(ask(1, "q1"));
    expect(shown(await history.getMessages())).toEqual(lines(1));
  });

  test("between two rounds, with save: step: invoke rejects with it as cause; invoke(null) stores nothing twice", async () => {
    const sessionId = randomUUID();
    const checkpointer = new MemorySaver();
    const thread = { configurable: { thread_id: sessionId } };
    let writes = 0;
    const second = watchClient(client, async ({ queries }, send) => {
      const fails = /^INSERT/.test(queries[0] ?? "") && ++writes === 2;
      if (fails && when === "before") throw new Error("the node went away");
      const result = await send();
      if (fails) throw new Error("the node went away");
      return result;
    });
    const model = fakeModel();
    respondWithTurn(model, 1);
    const { agent, history } = openAgent({ model, save: "step", sessionId, checkpointer, client: second.watched });
    await expect(agent.invoke(ask(1), thread)).rejects.toMatchObject({ cause: { code: "WRITE_FAILED" } });
    expect(model.callCount).toBe(1);
    await agent.invoke(null, thread);
    expect(shown(await history.getMessages())).toEqual(lines(1));
  });
});

test.each([
  ["tried again by the same process is stored once, by its ids", true],
  ["tried again by another process is stored twice", false],
])("a late write that was %s", async (_, same) => {
  let held: (() => Promise<unknown>) | undefined;
  const { watched } = watchClient(client, async ({ queries }, send) => {
    if (!/^INSERT/.test(queries[0] ?? "") || held !== undefined) return send();
    held = send;
    throw new Error("the node went away");
  });
  const model = fakeModel();
  respondWithTurn(model, 1);
  const sessionId = randomUUID();
  const thread = { configurable: { thread_id: sessionId } };
  const setting = { model, save: "run", sessionId, checkpointer: new MemorySaver(), client: watched } as const;
  const { agent, history } = openAgent(setting);
  await expect(agent.invoke(ask(1), thread)).rejects.toMatchObject({ code: "WRITE_FAILED" });
  await (same ? agent : openAgent(setting).agent).invoke(null, thread);
  expect(shown(await history.getMessages())).toEqual(lines(1));
  await held?.();
  expect(shown(await history.getMessages())).toEqual(same ? lines(1) : [...lines(1), ...lines(1)]);
});

test("a failed read rejects invoke before the model is called", async () => {
  const { watched } = watchClient(client, async ({ queries }, send) => {
    if (/^SELECT .* ORDER BY/.test(queries[0] ?? "")) throw new Error("the node went away");
    return send();
  });
  const model = fakeModel();
  const { agent } = openAgent({ model, save: "run", client: watched });
  await expect(agent.invoke(ask(1))).rejects.toMatchObject({ code: "READ_FAILED" });
  expect(model.callCount).toBe(0);
});

/** LangChain's own history, whose next write fails before or after it took effect. */
class FailingHistory extends InMemoryChatMessageHistory {
  #fails: "before" | "after" | undefined;

  constructor(fails: "before" | "after") {
    super();
    this.#fails = fails;
  }

  override async addMessages(messages: BaseMessage[]): Promise<void> {
    const fails = this.#fails;
    this.#fails = undefined;
    if (fails !== "before") await super.addMessages(messages);
    if (fails !== undefined) throw new Error("the disk is full");
  }
}

test.each(["before", "after"] as const)(
  "invoke(null) makes the write again where a history of another class failed %s it took effect",
  async (when) => {
    const history = new FailingHistory(when);
    await InMemoryChatMessageHistory.prototype.addMessages.call(history, [
      new HumanMessage({ content: "old", id: "old" }),
    ]);
    const model = fakeModel();
    respondWithTurn(model, 1);
    const agent = createAgent({
      model,
      tools: [weather],
      checkpointer: new MemorySaver(),
      middleware: [chatHistoryMiddleware({ history })],
    });
    const thread = { configurable: { thread_id: "thread" } };
    await expect(agent.invoke(ask(1), thread)).rejects.toThrow("the disk is full");
    await agent.invoke(null, thread);
    expect(shown(await history.getMessages())).toEqual(["human: old", ...lines(1)]);
  },
);
