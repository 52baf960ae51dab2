import { randomUUID } from "node:crypto";
import { InMemoryChatMessageHistory } from "@langchain/core/chat_history";
import { type BaseMessage, HumanMessage } from "@langchain/core/messages";
import { type BaseCheckpointSaver, MemorySaver } from "@langchain/langgraph";
import type { Client } from "cassandra-driver";
import { AIMessage, createAgent, createMiddleware, fakeModel, modelRetryMiddleware, tool } from "langchain";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { chatHistoryMiddleware } from "../../../src/agent/index.ts";
import { ask, calling, lines, openMiddleware, prompts, respondWithTurn, shown, weather } from "../../support/agent.ts";
import { openClient, openHistory, ownKeyspace } from "../../support/session.ts";
import { watchClient } from "../../support/watch.ts";

const client = openClient();
const keyspace = ownKeyspace(client);

type Model = ReturnType<typeof fakeModel>;
type Save = "run" | "step";

interface Setting {
  readonly model: Model;
  readonly save: Save;
  readonly sessionId?: string;
  readonly checkpointer?: BaseCheckpointSaver;
  readonly client?: Client;
}

function openAgent({ model, save, sessionId = randomUUID(), checkpointer, client: own = client }: Setting) {
  const history = openHistory({ client: own, keyspace, sessionId });
  const agent = createAgent({
    model,
    tools: [weather],
    ...(checkpointer && { checkpointer }),
    middleware: [chatHistoryMiddleware({ history, save })],
  });
  return { agent, history };
}

const broken = new Error("the model is broken");

describe("a model error", () => {
  test("save: run, without a checkpointer: nothing is logged, and the same question again is logged once", async () => {
    const model = fakeModel().respond(calling("1a", "1b")).respond(broken);
    const { agent, history } = openAgent({ model, save: "run" });
    await expect(agent.invoke(ask(1))).rejects.toThrow("the model is broken");
    expect(await history.count()).toBe(0);
    respondWithTurn(model, 1);
    await agent.invoke(ask(1));
    expect(shown(await history.getMessages())).toEqual(lines(1));
  });

  test("save: step, without a checkpointer: a question with an id, asked again, is logged once", async () => {
    const model = fakeModel().respond(calling("1a", "1b")).respond(broken);
    const { agent, history } = openAgent({ model, save: "step" });
    await expect(agent.invoke(ask(1, "q1"))).rejects.toThrow("the model is broken");
    expect(shown(await history.getMessages())).toEqual(lines(1).slice(0, 4));
    model.respond(new AIMessage("answer 1"));
    await agent.invoke(ask(1, "q1"));
    expect(prompts(model).at(-1)).toEqual(["human: question 1"]);
    expect(shown(await history.getMessages())).toEqual(lines(1));
  });

  test.each<Save>(["run", "step"])(
    "save: %s, with a checkpointer: invoke(null) goes on, each message logged once",
    async (save) => {
      const model = fakeModel().respond(calling("1a", "1b")).respond(broken).respond(new AIMessage("answer 1"));
      const sessionId = randomUUID();
      const checkpointer = new MemorySaver();
      const thread = { configurable: { thread_id: sessionId } };
      const { agent, history } = openAgent({ model, save, sessionId, checkpointer });
      await expect(agent.invoke(ask(1), thread)).rejects.toThrow("the model is broken");
      expect(shown(await history.getMessages())).toEqual(save === "run" ? [] : lines(1).slice(0, 4));
      await agent.invoke(null, thread);
      expect(shown(await history.getMessages())).toEqual(lines(1));
      respondWithTurn(model, 2);
      await agent.invoke(ask(2), thread);
      expect(shown(await history.getMessages())).toEqual([...lines(1), ...lines(2)]);
    },
  );

  test.each<Save>(["run", "step"])(
    "save: %s, with a checkpointer: a new question logs what the broken run had said",
    async (save) => {
      const model = fakeModel().respond(calling("1a", "1b")).respond(broken);
      const sessionId = randomUUID();
      const checkpointer = new MemorySaver();
      const thread = { configurable: { thread_id: sessionId } };
      await expect(openAgent({ model, save, sessionId, checkpointer }).agent.invoke(ask(1), thread)).rejects.toThrow();
      respondWithTurn(model, 2);
      const { agent, history } = openAgent({ model, save, sessionId, checkpointer });
      await agent.invoke(ask(2), thread);
      expect(shown(await history.getMessages())).toEqual([...lines(1).slice(0, 4), ...lines(2)]);
    },
  );

  test.each<Save>(["run", "step"])(
    "save: %s: a model that is tried again within the run is logged once",
    async (save) => {
      const model = fakeModel().respond(calling("1a", "1b")).respond(broken).respond(new AIMessage("answer 1"));
      const history = openHistory({ client, keyspace });
      const agent = createAgent({
        model,
        tools: [weather],
        middleware: [
          openMiddleware(modelRetryMiddleware, { initialDelayMs: 1 }),
          chatHistoryMiddleware({ history, save }),
        ],
      });
      await agent.invoke(ask(1));
      expect(shown(await history.getMessages())).toEqual(lines(1));
    },
  );
});

describe("an abort", () => {
  const endless = tool(
    (_, { signal }) =>
      new Promise((_resolve, reject) => signal?.addEventListener("abort", () => reject(signal.reason))),
    {
      name: "endless",
      description: "Never ends",
      schema: z.object({}),
    },
  );

  test.each<Save>(["run", "step"])(
    "save: %s: leaves whole rounds behind, and the next question goes on",
    async (save) => {
      const model = fakeModel()
        .respond(calling("1a", "1b"))
        .respondWithTools([{ name: "endless", args: {}, id: "e" }]);
      const history = openHistory({ client, keyspace });
      const controller = new AbortController();
      const watching = createMiddleware({
        name: "watching",
        afterModel: (state) => {
          if (shown(state.messages).at(-1) === "ai: calls e")
            setTimeout(() => controller.abort(new Error("enough")), 1);
        },
      });
      const agent = createAgent({
        model,
        tools: [weather, endless],
        middleware: [chatHistoryMiddleware({ history, save }), watching],
      });
      await expect(agent.invoke(ask(1), { signal: controller.signal })).rejects.toThrow();
      const left = save === "run" ? [] : lines(1).slice(0, 4);
      expect(shown(await history.getMessages())).toEqual(left);
      model.respond(new AIMessage("answer 2"));
      await agent.invoke(ask(2));
      expect(prompts(model).at(-1)).toEqual([...left, "human: question 2"]);
      expect(shown(await history.getMessages())).toEqual([...left, "human: question 2", "ai: answer 2"]);
    },
  );

  test("before the run begins, nothing is read or written", async () => {
    const { watched, requests } = watchClient(client);
    const { agent } = openAgent({ model: fakeModel(), save: "step", client: watched });
    await expect(agent.invoke(ask(1), { signal: AbortSignal.abort(new Error("enough")) })).rejects.toThrow();
    expect(requests.filter(({ queries }) => /message_store/.test(queries[0] ?? ""))).toEqual([]);
  });
});

test.each<Save>(["run", "step"])("save: %s: the recursion limit ends a run as an error does", async (save) => {
  const model = fakeModel().respond(calling("1a", "1b")).respond(calling("c"));
  const { agent, history } = openAgent({ model, save });
  await expect(agent.invoke(ask(1), { recursionLimit: 4 })).rejects.toThrow(/[Rr]ecursion limit/);
  expect(shown(await history.getMessages())).toEqual(save === "run" ? [] : lines(1).slice(0, 4));
});

/** A client whose writes fail, before or after they took effect, as often as it is told. */
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
  test("after the run rejects invoke, with the library's error", async () => {
    const { watched } = failingWrites(1, when);
    const model = fakeModel();
    respondWithTurn(model, 1);
    const { agent } = openAgent({ model, save: "run", client: watched });
    await expect(agent.invoke(ask(1))).rejects.toMatchObject({ name: "CassandraHistoryError", code: "WRITE_FAILED" });
  });

  test.each(["the same process", "another process"])(
    "with a checkpointer, invoke(null) in %s tries the write alone, and stores nothing twice",
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

  test("before the first model call, in save: step, rejects invoke; asked again, the question is stored once", async () => {
    const { watched } = failingWrites(1, when);
    const model = fakeModel();
    const { agent, history } = openAgent({ model, save: "step", client: watched });
    await expect(agent.invoke(ask(1, "q1"))).rejects.toMatchObject({ code: "WRITE_FAILED" });
    expect(model.callCount).toBe(0);
    respondWithTurn(model, 1);
    await agent.invoke(ask(1, "q1"));
    expect(shown(await history.getMessages())).toEqual(lines(1));
  });

  test("between two rounds, in save: step, rejects invoke; invoke(null) stores nothing twice", async () => {
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
    await expect(agent.invoke(ask(1), thread)).rejects.toThrow(/The write failed|WRITE_FAILED|may or may not/);
    expect(model.callCount).toBe(1);
    await agent.invoke(null, thread);
    expect(shown(await history.getMessages())).toEqual(lines(1));
  });
});

test("a write whose outcome is still under way is made again with the same ids, so that it cannot be stored twice", async () => {
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
  const { agent, history } = openAgent({
    model,
    save: "run",
    sessionId,
    checkpointer: new MemorySaver(),
    client: watched,
  });
  await expect(agent.invoke(ask(1), thread)).rejects.toThrow();
  await agent.invoke(null, thread);
  await held?.();
  expect(shown(await history.getMessages())).toEqual(lines(1));
});

test("a failed read rejects invoke before the model is asked", async () => {
  const { watched } = watchClient(client, async ({ queries }, send) => {
    if (/^SELECT .*message_store/.test(queries[0] ?? "")) throw new Error("the node went away");
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
  "another history's write that failed %s it took effect is tried again by invoke(null)",
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
