import { randomUUID } from "node:crypto";
import { InMemoryChatMessageHistory } from "@langchain/core/chat_history";
import { type BaseMessage, HumanMessage } from "@langchain/core/messages";
import { MemorySaver } from "@langchain/langgraph";
import { AIMessage, createAgent, createMiddleware, fakeModel, modelRetryMiddleware, tool } from "langchain";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { chatHistoryMiddleware } from "../../../src/agent/index.ts";
import {
  type AgentSetting,
  agentOpener,
  ask,
  calling,
  lines,
  openMiddleware,
  prompts,
  respondWithTurn,
  shown,
  weather,
} from "../../support/agent.ts";
import { openClient, openHistory, ownKeyspace } from "../../support/session.ts";
import { watchClient } from "../../support/watch.ts";

const client = openClient();
const keyspace = ownKeyspace(client);

const openAgent = agentOpener(client, keyspace);

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

  test.each<AgentSetting["save"]>(["run", "step"])(
    "save: %s, with a checkpointer: invoke(null) continues the run, and each message is logged once",
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

  test.each<AgentSetting["save"]>(["run", "step"])(
    "save: %s, with a checkpointer: the next run logs the messages of the failed run, too",
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

  test.each<AgentSetting["save"]>(["run", "step"])(
    "save: %s: a model call that is retried within the run is logged once",
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

test("save: step: a failed run is logged once, however many messages of other threads follow it", async () => {
  const model = fakeModel().respond(calling("1a", "1b")).respond(broken);
  const sessionId = randomUUID();
  const thread = { configurable: { thread_id: "one of the user's" } };
  const { agent, history } = openAgent({ model, save: "step", sessionId, checkpointer: new MemorySaver() });
  await expect(agent.invoke(ask(1), thread)).rejects.toThrow("the model is broken");
  await history.addMessages(Array.from({ length: 120 }, (_, at) => new HumanMessage(`of another thread ${at}`)));
  respondWithTurn(model, 2);
  await agent.invoke(ask(2), thread);
  const logged = shown(await history.getMessages());
  expect(logged.filter((line) => !line.includes("of another thread"))).toEqual([...lines(1).slice(0, 4), ...lines(2)]);
});

/** A history of another class that returns its newest messages only. */
class CappedHistory extends InMemoryChatMessageHistory {
  override async getMessages(): Promise<BaseMessage[]> {
    return (await super.getMessages()).slice(-4);
  }
}

test("save: step: a failed run is logged once in a history that returns its newest messages only", async () => {
  const model = fakeModel().respond(broken).respond(new AIMessage("answer 1")).respond(new AIMessage("answer 2"));
  const history = new CappedHistory(Array.from({ length: 10 }, (_, at) => new HumanMessage(`old ${at}`)));
  const agent = createAgent({
    model,
    tools: [],
    checkpointer: new MemorySaver(),
    middleware: [chatHistoryMiddleware({ history, save: "step" })],
  });
  const thread = { configurable: { thread_id: randomUUID() } };
  await expect(agent.invoke(ask(1), thread)).rejects.toThrow("the model is broken");
  await agent.invoke(ask(2), thread);
  const all = await InMemoryChatMessageHistory.prototype.getMessages.call(history);
  expect(shown(all).slice(10)).toEqual(["human: question 1", "human: question 2", "ai: answer 1"]);
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

  test.each<AgentSetting["save"]>(["run", "step"])(
    "save: %s: leaves complete rounds in the log, and the next run works",
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

  test("before the run begins: nothing is read or written", async () => {
    const { watched, requests } = watchClient(client);
    const { agent } = openAgent({ model: fakeModel(), save: "step", client: watched });
    await expect(agent.invoke(ask(1), { signal: AbortSignal.abort(new Error("enough")) })).rejects.toThrow();
    expect(requests.filter(({ queries }) => /message_store/.test(queries[0] ?? ""))).toEqual([]);
  });
});

test.each<AgentSetting["save"]>(["run", "step"])(
  "save: %s: the recursion limit stops a run as an error does",
  async (save) => {
    const model = fakeModel().respond(calling("1a", "1b")).respond(calling("c"));
    const { agent, history } = openAgent({ model, save });
    await expect(agent.invoke(ask(1), { recursionLimit: 4 })).rejects.toThrow(/[Rr]ecursion limit/);
    expect(shown(await history.getMessages())).toEqual(save === "run" ? [] : lines(1).slice(0, 4));
  },
);
