import { randomUUID } from "node:crypto";
import { Command, MemorySaver } from "@langchain/langgraph";
import {
  type AgentMiddleware,
  AIMessage,
  createAgent,
  fakeModel,
  humanInTheLoopMiddleware,
  summarizationMiddleware,
} from "langchain";
import { describe, expect, test } from "vitest";
import { chatHistoryMiddleware } from "../../../src/agent/index.ts";
import { ask, calling, lines, openMiddleware, prompts, respondWithTurn, shown, weather } from "../../support/agent.ts";
import { openClient, openHistory, ownKeyspace } from "../../support/session.ts";
import { watchClient } from "../../support/watch.ts";

const client = openClient();
const keyspace = ownKeyspace(client);

function summarizing(messages: number, keep: number): AgentMiddleware {
  const model = fakeModel();
  for (let at = 0; at < 100; at += 1) model.respond(new AIMessage("the gist"));
  return openMiddleware(summarizationMiddleware, { model, trigger: { messages }, keep: { messages: keep } });
}

describe.each(["run", "step"] as const)("save: %s", (save) => {
  test.each([
    ["before", true],
    ["after", false],
  ])(
    "with a checkpointer, the log %s the summarization: every message is logged once, and no summary",
    async (_, first) => {
      const history = openHistory({ client, keyspace });
      const model = fakeModel();
      const logging = chatHistoryMiddleware({ history, save });
      const agent = createAgent({
        model,
        tools: [weather],
        checkpointer: new MemorySaver(),
        middleware: first ? [logging, summarizing(6, 2)] : [summarizing(6, 2), logging],
      });
      const turns = [1, 2, 3, 4];
      for (const turn of turns) {
        respondWithTurn(model, turn);
        await agent.invoke(ask(turn), { configurable: { thread_id: "thread" } });
      }
      expect(prompts(model).at(-1)?.[0]).toContain("the gist");
      expect(shown(await history.getMessages())).toEqual(turns.flatMap(lines));
    },
  );

  test("messages that are summarized within their own run are logged", async () => {
    const history = openHistory({ client, keyspace });
    const model = fakeModel();
    for (const id of ["a", "b", "c", "d", "e"]) model.respond(calling(id));
    model.respond(new AIMessage("done"));
    const agent = createAgent({
      model,
      tools: [weather],
      middleware: [chatHistoryMiddleware({ history, save }), summarizing(4, 2)],
    });
    const { messages } = await agent.invoke(ask(1));
    expect(shown(messages)[0]).toContain("the gist");
    expect(shown(await history.getMessages())).toEqual([
      "human: question 1",
      ...["a", "b", "c", "d", "e"].flatMap((id) => [`ai: calls ${id}`, `tool ${id}: sunny in ${id}`]),
      "ai: done",
    ]);
  });

  test("without a checkpointer, the window is not summarized", async () => {
    const history = openHistory({ client, keyspace });
    const model = fakeModel();
    const agent = createAgent({
      model,
      tools: [weather],
      middleware: [chatHistoryMiddleware({ history, save }), summarizing(6, 2)],
    });
    for (const turn of [1, 2]) {
      respondWithTurn(model, turn);
      await agent.invoke(ask(turn));
    }
    expect(prompts(model).at(-1)).toEqual([...lines(1), ...lines(2).slice(0, -1)]);
    expect(shown(await history.getMessages())).toEqual([...lines(1), ...lines(2)]);
  });

  test("messages that are summarized in a run whose last write fails are logged by invoke(null)", async () => {
    let writes = 0;
    const { watched } = watchClient(client, async ({ queries }, send) => {
      const failing = save === "run" ? 1 : 7;
      if (/^INSERT/.test(queries[0] ?? "") && ++writes === failing) throw new Error("the node went away");
      return send();
    });
    const sessionId = randomUUID();
    const history = openHistory({ client: watched, keyspace, sessionId });
    const thread = { configurable: { thread_id: sessionId } };
    const model = fakeModel();
    const ids = ["a", "b", "c", "d", "e"];
    for (const id of ids) model.respond(calling(id));
    model.respond(new AIMessage("done"));
    const agent = createAgent({
      model,
      tools: [weather],
      checkpointer: new MemorySaver(),
      middleware: [chatHistoryMiddleware({ history, save }), summarizing(4, 2)],
    });
    await expect(agent.invoke(ask(1), thread)).rejects.toMatchObject({ code: "WRITE_FAILED" });
    await agent.invoke(null, thread);
    expect(shown(await history.getMessages())).toEqual([
      "human: question 1",
      ...ids.flatMap((id) => [`ai: calls ${id}`, `tool ${id}: sunny in ${id}`]),
      "ai: done",
    ]);
  });

  test("messages that were summarized in a failed run are logged with the thread's next run", async () => {
    const sessionId = randomUUID();
    const history = openHistory({ client, keyspace, sessionId });
    const thread = { configurable: { thread_id: sessionId } };
    const model = fakeModel();
    const ids = ["a", "b", "c", "d", "e"];
    for (const id of ids) model.respond(calling(id));
    model.respond(new Error("the model is broken")).respond(new AIMessage("done"));
    const agent = createAgent({
      model,
      tools: [weather],
      checkpointer: new MemorySaver(),
      middleware: [chatHistoryMiddleware({ history, save }), summarizing(4, 2)],
    });
    await expect(agent.invoke(ask(1), thread)).rejects.toThrow("the model is broken");
    await agent.invoke(ask(2), thread);
    expect(shown(await history.getMessages())).toEqual([
      "human: question 1",
      ...ids.flatMap((id) => [`ai: calls ${id}`, `tool ${id}: sunny in ${id}`]),
      "human: question 2",
      "ai: done",
    ]);
  });

  test("messages that are summarized after an interrupt of their own run are logged", async () => {
    const sessionId = randomUUID();
    const history = openHistory({ client, keyspace, sessionId });
    const thread = { configurable: { thread_id: sessionId } };
    const checkpointer = new MemorySaver();
    const model = fakeModel();
    for (const id of ["a", "b", "c"]) model.respond(calling(id));
    model.respond(new AIMessage("done"));
    const agent = createAgent({
      model,
      tools: [weather],
      checkpointer,
      middleware: [
        chatHistoryMiddleware({ history, save }),
        summarizing(4, 2),
        openMiddleware(humanInTheLoopMiddleware, { interruptOn: { weather: true } }),
      ],
    });
    await agent.invoke(ask(1), thread);
    for (let at = 0; at < 3; at += 1) {
      await agent.invoke(new Command({ resume: { decisions: [{ type: "approve" }] } }), thread);
    }
    expect(shown(await history.getMessages())).toEqual([
      "human: question 1",
      ...["a", "b", "c"].flatMap((id) => [`ai: calls ${id}`, `tool ${id}: sunny in ${id}`]),
      "ai: done",
    ]);
  });
});
