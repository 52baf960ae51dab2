import { InMemoryChatMessageHistory } from "@langchain/core/chat_history";
import { MemorySaver } from "@langchain/langgraph";
import { AIMessage, createAgent, fakeModel, toolStrategy } from "langchain";
import { expect, test } from "vitest";
import { chatHistoryMiddleware } from "../../../src/agent/index.ts";
import { ask, calling, lines, prompts, respondWithTurn, shown, weather } from "../../support/agent.ts";
import { openClient, openHistory, ownKeyspace } from "../../support/session.ts";
import { watchClient } from "../../support/watch.ts";

const client = openClient();
const keyspace = ownKeyspace(client);

test("three turns with parallel tool calls: each message is logged once, in order, by one write a turn", async () => {
  const { watched, requests } = watchClient(client);
  const history = openHistory({ client: watched, keyspace });
  await history.setup();
  requests.length = 0;
  const model = fakeModel();
  const agent = createAgent({ model, tools: [weather], middleware: [chatHistoryMiddleware({ history })] });
  for (const turn of [1, 2, 3]) {
    respondWithTurn(model, turn);
    const { messages } = await agent.invoke(ask(turn));
    expect(shown(messages)).toEqual(lines(turn));
  }
  expect(shown(await history.getMessages())).toEqual([...lines(1), ...lines(2), ...lines(3)]);
  expect(prompts(model).at(-1)).toEqual([...lines(1), ...lines(2), ...lines(3).slice(0, 4)]);
  const writes = requests.filter(({ queries }) => /^INSERT/.test(queries[0] ?? ""));
  expect(writes.map(({ queries }) => queries.length)).toEqual([5, 5, 5]);
});

test("with a checkpointer the prompt comes from the thread, and the history is its log", async () => {
  const history = openHistory({ client, keyspace });
  await history.addUserMessage("not of this thread");
  const model = fakeModel();
  const agent = createAgent({
    model,
    tools: [weather],
    checkpointer: new MemorySaver(),
    middleware: [chatHistoryMiddleware({ history })],
  });
  for (const turn of [1, 2, 3]) {
    respondWithTurn(model, turn);
    await agent.invoke(ask(turn), { configurable: { thread_id: "thread" } });
  }
  const all = [...lines(1), ...lines(2), ...lines(3)];
  expect(shown(await history.getMessages())).toEqual(["human: not of this thread", ...all]);
  expect(prompts(model).at(-1)).toEqual(all.slice(0, -1));
});

test("load: true with a checkpointer puts no message into the prompt twice", async () => {
  const history = openHistory({ client, keyspace });
  await history.addUserMessage("long ago");
  const model = fakeModel();
  const agent = createAgent({
    model,
    tools: [weather],
    checkpointer: new MemorySaver(),
    middleware: [chatHistoryMiddleware({ history, load: true })],
  });
  for (const turn of [1, 2]) {
    respondWithTurn(model, turn);
    await agent.invoke(ask(turn), { configurable: { thread_id: "thread" } });
  }
  const all = ["human: long ago", ...lines(1), ...lines(2)];
  expect(prompts(model).at(-1)).toEqual(all.slice(0, -1));
  expect(shown(await history.getMessages())).toEqual(all);
});

test("load: false without a checkpointer only logs", async () => {
  const history = openHistory({ client, keyspace });
  const model = fakeModel();
  const agent = createAgent({ model, tools: [weather], middleware: [chatHistoryMiddleware({ history, load: false })] });
  for (const turn of [1, 2]) {
    respondWithTurn(model, turn);
    await agent.invoke(ask(turn));
  }
  expect(prompts(model).at(-1)).toEqual(lines(2).slice(0, -1));
  expect(shown(await history.getMessages())).toEqual([...lines(1), ...lines(2)]);
});

test("a history of another class works", async () => {
  const history = new InMemoryChatMessageHistory();
  const model = fakeModel();
  const agent = createAgent({
    model,
    tools: [weather],
    middleware: [chatHistoryMiddleware({ history, maxMessages: 5 })],
  });
  for (const turn of [1, 2, 3]) {
    respondWithTurn(model, turn);
    await agent.invoke(ask(turn));
  }
  expect(shown(await history.getMessages())).toEqual([...lines(1), ...lines(2), ...lines(3)]);
  expect(prompts(model).at(-1)).toEqual([...lines(2), ...lines(3).slice(0, 4)]);
});

test("every reply is logged where a model gives all of them the same id, in run after run", async () => {
  const history = openHistory({ client, keyspace });
  const model = fakeModel();
  const agent = createAgent({ model, tools: [], middleware: [chatHistoryMiddleware({ history })] });
  for (const turn of [1, 2, 3]) {
    model.respond(new AIMessage({ content: `answer ${turn}`, id: "the-same" }));
    await agent.invoke(ask(turn));
  }
  expect(shown(await history.getMessages())).toEqual([1, 2, 3].flatMap((turn) => [lines(turn)[0], lines(turn)[4]]));
  expect(prompts(model).at(-1)).toEqual([
    ...[1, 2].flatMap((turn) => [lines(turn)[0], lines(turn)[4]]),
    "human: question 3",
  ]);
});

test("a thread has one reply where a model gives all of them the same id, and so has its log", async () => {
  const history = openHistory({ client, keyspace });
  const model = fakeModel();
  const agent = createAgent({
    model,
    tools: [],
    checkpointer: new MemorySaver(),
    middleware: [chatHistoryMiddleware({ history })],
  });
  for (const turn of [1, 2]) {
    model.respond(new AIMessage({ content: `answer ${turn}`, id: "the-same" }));
    const { messages } = await agent.invoke(ask(turn), { configurable: { thread_id: "thread" } });
    expect(messages.filter(({ type }) => type === "ai")).toHaveLength(1);
  }
  expect(shown(await history.getMessages())).toEqual(["human: question 1", "ai: answer 1", "human: question 2"]);
});

test.each([
  ["run", 10, undefined],
  ["step", 10, undefined],
  ["run", 12, 28],
  ["step", 12, 28],
] as const)(
  "save: %s takes two steps of the recursion limit a run: %d rounds of tools fit into a limit of %s",
  async (save, rounds, recursionLimit) => {
    const history = openHistory({ client, keyspace });
    const model = fakeModel();
    for (let round = 1; round <= rounds; round += 1) model.respond(calling(`${round}`));
    model.respond(new AIMessage("done"));
    const agent = createAgent({ model, tools: [weather], middleware: [chatHistoryMiddleware({ history, save })] });
    await agent.invoke(ask(1), { ...(recursionLimit !== undefined && { recursionLimit }) });
    expect(await history.count()).toBe(2 * rounds + 2);
  },
);

test("concurrent runs of one agent in sessions of their own do not mix", async () => {
  const histories = Array.from({ length: 20 }, () => openHistory({ client, keyspace }));
  const model = fakeModel();
  for (let at = 0; at < 40; at += 1) model.respond((messages) => new AIMessage(`echo ${messages.at(-1)?.text}`));
  const agent = createAgent({
    model,
    tools: [],
    middleware: [
      chatHistoryMiddleware({
        history: ({ configurable }) => histories[Number(configurable?.thread_id)] ?? openHistory({ client, keyspace }),
      }),
    ],
  });
  for (const turn of [1, 2]) {
    await Promise.all(
      histories.map((_, at) => agent.invoke(ask(turn * 100 + at), { configurable: { thread_id: String(at) } })),
    );
  }
  for (const [at, history] of histories.entries()) {
    expect(shown(await history.getMessages())).toEqual(
      [100 + at, 200 + at].flatMap((turn) => [`human: question ${turn}`, `ai: echo question ${turn}`]),
    );
  }
});

test("a structured response passes through", async () => {
  const history = openHistory({ client, keyspace });
  const model = fakeModel().respondWithTools([{ name: "extract-1", args: { city: "Rome" }, id: "x" }]);
  const city = toolStrategy({ title: "extract-1", type: "object", properties: { city: { type: "string" } } });
  const agent = createAgent({
    model,
    tools: [],
    responseFormat: city,
    middleware: [chatHistoryMiddleware({ history })],
  });
  const { messages, structuredResponse } = await agent.invoke(ask(1));
  expect(structuredResponse).toEqual({ city: "Rome" });
  expect(shown(await history.getMessages())).toEqual(shown(messages));
  expect(messages).toHaveLength(4);
});

test("the state that is returned has the run's messages and nothing else", async () => {
  const history = openHistory({ client, keyspace });
  await history.addUserMessage("old");
  const model = fakeModel().respond(new AIMessage("answer 1"));
  const agent = createAgent({ model, tools: [], middleware: [chatHistoryMiddleware({ history })] });
  const state = await agent.invoke(ask(1));
  expect(shown(state.messages)).toEqual(["human: question 1", "ai: answer 1"]);
  expect(Object.keys(state)).toEqual(["messages"]);
});
