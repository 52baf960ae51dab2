import { AIMessage, AIMessageChunk, type BaseMessage, HumanMessage } from "@langchain/core/messages";
import { StringOutputParser } from "@langchain/core/output_parsers";
import { ChatPromptTemplate, MessagesPlaceholder } from "@langchain/core/prompts";
import { RunnableLambda, RunnableWithMessageHistory } from "@langchain/core/runnables";
import { FakeStreamingChatModel } from "@langchain/core/utils/testing";
import { expect, onTestFinished, test, vi } from "vitest";
import type { CassandraChatMessageHistory } from "../../src/index.ts";
import { texts } from "../support/messages.ts";
import { recordingModel } from "../support/prompts.ts";
import { openClient, openHistory, ownKeyspace } from "../support/session.ts";
import { asksFor, breakableClient, watchClient } from "../support/watch.ts";

const client = openClient();
const keyspace = ownKeyspace(client);
const prompt = ChatPromptTemplate.fromMessages([
  ["system", "be brief"],
  new MessagesPlaceholder("history"),
  ["human", "{question}"],
]);
const keys = { inputMessagesKey: "question", historyMessagesKey: "history" };

const getMessageHistory = (sessionId: string): CassandraChatMessageHistory =>
  openHistory({ client, keyspace, sessionId });
const session = (sessionId: string): { configurable: { sessionId: string } } => ({ configurable: { sessionId } });

/** What core says on the console instead of throwing. */
function warnings(): string[] {
  const lines: string[] = [];
  const spy = vi.spyOn(console, "warn").mockImplementation((line: unknown) => {
    lines.push(String(line));
  });
  onTestFinished(() => spy.mockRestore());
  return lines;
}

/** In place of a model. Another writer adds to the session while it answers. */
function interruptedModel(sessionId: string): RunnableLambda<unknown, AIMessage> {
  const other = openHistory({ client, keyspace, sessionId });
  return RunnableLambda.from(async () => {
    await other.addUserMessage("from elsewhere");
    return new AIMessage("hello");
  });
}

test("LCEL with MessagesPlaceholder: the prompt holds the history, and a failed write rejects", async () => {
  const { breakable, failOn } = breakableClient(client);
  const history = openHistory({ client: breakable, keyspace });
  const { model, prompts } = recordingModel("hello", "fine", "bye");
  const ask = async (question: string): Promise<string> => {
    const reply = await prompt.pipe(model).invoke({ question, history: await history.getMessages() });
    await history.addMessages([new HumanMessage(question), reply]);
    return reply.text;
  };
  expect([await ask("hi"), await ask("how are you?")]).toEqual(["hello", "fine"]);
  expect(texts(prompts[1] ?? [])).toEqual(["be brief", "hi", "hello", "how are you?"]);
  failOn(/^INSERT/);
  await expect(ask("bye")).rejects.toMatchObject({ code: "WRITE_FAILED", written: [] });
  expect(texts(await history.getMessages())).toEqual(["hi", "hello", "how are you?", "fine"]);
});

test("RunnableWithMessageHistory with historyMessagesKey: stored when invoke resolves, in one write a turn", async () => {
  const { watched, requests } = watchClient(client);
  const { model, prompts } = recordingModel("hello", "fine");
  const chain = new RunnableWithMessageHistory({
    runnable: prompt.pipe(model),
    getMessageHistory: (sessionId) => openHistory({ client: watched, keyspace, sessionId }),
    ...keys,
  });
  await chain.invoke({ question: "hi" }, session("with key"));
  await chain.invoke({ question: "how are you?" }, session("with key"));
  expect(texts(await getMessageHistory("with key").getMessages())).toEqual(["hi", "hello", "how are you?", "fine"]);
  expect(texts(prompts[1] ?? [])).toEqual(["be brief", "hi", "hello", "how are you?"]);
  const writes = requests.filter((request) => asksFor(request, /^INSERT/));
  expect(writes.map(({ queries }) => queries.length)).toEqual([2, 2]);
});

test("RunnableWithMessageHistory without historyMessagesKey: a chain of messages, in and out", async () => {
  const { model, prompts } = recordingModel("hello", "fine");
  const chain = new RunnableWithMessageHistory({ runnable: model, getMessageHistory });
  await chain.invoke([new HumanMessage("hi")], session("without key"));
  const reply = await chain.invoke([new HumanMessage("how are you?")], session("without key"));
  expect(reply).toBeInstanceOf(AIMessage);
  expect(texts(prompts[1] ?? [])).toEqual(["hi", "hello", "how are you?"]);
  expect(texts(await getMessageHistory("without key").getMessages())).toEqual(["hi", "hello", "how are you?", "fine"]);
});

test("without historyMessagesKey, a window that slides keeps every new message", async () => {
  const { model } = recordingModel("hello");
  const chain = new RunnableWithMessageHistory({
    runnable: model,
    getMessageHistory: (sessionId) => openHistory({ client, keyspace, sessionId, maxMessages: 2 }),
  });
  for (const at of [1, 2, 3]) await chain.invoke([new HumanMessage(`hi ${at}`)], session("sliding"));
  expect(texts(await getMessageHistory("sliding").getMessages())).toEqual([
    "hi 1",
    "hello",
    "hi 2",
    "hello",
    "hi 3",
    "hello",
  ]);
});

test("core reads the history twice without historyMessagesKey: an add in between loses the user's message", async () => {
  const chain = new RunnableWithMessageHistory({ runnable: interruptedModel("lost"), getMessageHistory });
  await chain.invoke([new HumanMessage("hi")], session("lost"));
  expect(texts(await getMessageHistory("lost").getMessages())).toEqual(["from elsewhere", "hello"]);
});

test("with historyMessagesKey the same add loses nothing", async () => {
  const runnable = prompt.pipe(interruptedModel("kept"));
  const chain = new RunnableWithMessageHistory({ runnable, getMessageHistory, ...keys });
  await chain.invoke({ question: "hi" }, session("kept"));
  expect(texts(await getMessageHistory("kept").getMessages())).toEqual(["from elsewhere", "hi", "hello"]);
});

test("core swallows a failed write: invoke resolves, and the console has one line", async () => {
  const lines = warnings();
  const { breakable, failOn } = breakableClient(client);
  failOn(/^INSERT/);
  const chain = new RunnableWithMessageHistory({
    runnable: prompt.pipe(recordingModel("hello").model),
    getMessageHistory: (sessionId) => openHistory({ client: breakable, keyspace, sessionId }),
    ...keys,
  });
  expect((await chain.invoke({ question: "hi" }, session("swallowed"))).text).toBe("hello");
  expect(lines).toEqual([expect.stringMatching(/^Error in handler RootListenersTracer.*CassandraHistoryError/)]);
  expect(await getMessageHistory("swallowed").getMessages()).toEqual([]);
});

test("a failed read rejects invoke, before the model is asked", async () => {
  const { breakable, failOn } = breakableClient(client);
  failOn(/^SELECT .* ORDER BY/);
  const { model, prompts } = recordingModel("hello");
  const chain = new RunnableWithMessageHistory({
    runnable: prompt.pipe(model),
    getMessageHistory: (sessionId) => openHistory({ client: breakable, keyspace, sessionId }),
    ...keys,
  });
  await expect(chain.invoke({ question: "hi" }, session("unread"))).rejects.toMatchObject({ code: "READ_FAILED" });
  expect(prompts).toEqual([]);
});

test("streaming: the chunks come as they are, and one whole message is stored", async () => {
  const chunks = ["he", "ll", "o"].map((content) => new AIMessageChunk(content));
  const model = new FakeStreamingChatModel({ chunks, sleep: 0 });
  const chain = new RunnableWithMessageHistory({ runnable: prompt.pipe(model), getMessageHistory, ...keys });
  const streamed: string[] = [];
  for await (const chunk of await chain.stream({ question: "hi" }, session("streamed"))) streamed.push(chunk.text);
  expect(streamed).toEqual(["he", "ll", "o"]);
  const stored = await getMessageHistory("streamed").getMessages();
  expect(texts(stored)).toEqual(["hi", "hello"]);
  expect(stored.map((message) => message.constructor)).toEqual([HumanMessage, AIMessage]);
});

test("streaming text, by an output parser: the text is stored as the assistant's", async () => {
  const runnable = prompt.pipe(recordingModel("hello").model).pipe(new StringOutputParser());
  const chain = new RunnableWithMessageHistory({ runnable, getMessageHistory, ...keys });
  let streamed = "";
  for await (const part of await chain.stream({ question: "hi" }, session("text"))) streamed += part;
  expect(streamed).toBe("hello");
  const stored: BaseMessage[] = await getMessageHistory("text").getMessages();
  expect(stored.map(({ type, text }) => [type, text])).toEqual([
    ["human", "hi"],
    ["ai", "hello"],
  ]);
});

test("100 sessions at once through one chain, 3 turns each: each session has its own, whole and in order", async () => {
  const echo = RunnableLambda.from((input: { toChatMessages(): BaseMessage[] }) => {
    const asked = input.toChatMessages();
    return new AIMessage(`${asked.length} to ${asked.at(-1)?.text}`);
  });
  const chain = new RunnableWithMessageHistory({ runnable: prompt.pipe(echo), getMessageHistory, ...keys });
  const talk = async (name: string): Promise<void> => {
    for (const turn of [1, 2, 3]) await chain.invoke({ question: `${name}:${turn}` }, session(name));
  };
  const names = Array.from({ length: 100 }, (_, at) => `user ${at}`);
  await Promise.all(names.map(talk));
  for (const name of names) {
    const expected = [1, 2, 3].flatMap((turn) => [`${name}:${turn}`, `${2 * turn} to ${name}:${turn}`]);
    expect(texts(await getMessageHistory(name).getMessages())).toEqual(expected);
  }
});

test("20 turns at once in one session: every turn is whole, its answer right after its question", async () => {
  const echo = RunnableLambda.from((input: { toChatMessages(): BaseMessage[] }) => {
    return new AIMessage(`to ${input.toChatMessages().at(-1)?.text}`);
  });
  const chain = new RunnableWithMessageHistory({ runnable: prompt.pipe(echo), getMessageHistory, ...keys });
  const questions = Array.from({ length: 20 }, (_, at) => `question ${at}`);
  await Promise.all(questions.map((question) => chain.invoke({ question }, session("shared"))));
  const stored = texts(await getMessageHistory("shared").getMessages());
  const asked = stored.filter((_, at) => at % 2 === 0);
  expect(stored.filter((_, at) => at % 2 === 1)).toEqual(asked.map((question) => `to ${question}`));
  expect(asked.sort()).toEqual(questions.sort());
});

test("core stores nothing of a turn whose stream is left, or whose model fails", async () => {
  const chunks = ["he", "ll", "o"].map((content) => new AIMessageChunk(content));
  const open = (model: FakeStreamingChatModel): RunnableWithMessageHistory<{ question: string }, AIMessageChunk> =>
    new RunnableWithMessageHistory({ runnable: prompt.pipe(model), getMessageHistory, ...keys });
  const chain = open(new FakeStreamingChatModel({ chunks, sleep: 0 }));
  for await (const chunk of await chain.stream({ question: "left" }, session("half"))) if (chunk.text === "he") break;
  const failing = open(new FakeStreamingChatModel({ thrownErrorString: "no model" }));
  await expect(failing.invoke({ question: "failed" }, session("half"))).rejects.toThrow("no model");
  await chain.invoke({ question: "whole" }, session("half"));
  expect(texts(await getMessageHistory("half").getMessages())).toEqual(["whole", "be brief"]);
});
