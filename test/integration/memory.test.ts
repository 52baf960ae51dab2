import { ConversationChain } from "@langchain/classic/chains";
import { BufferMemory, BufferWindowMemory, ConversationSummaryBufferMemory } from "@langchain/classic/memory";
import type { BaseMessage } from "@langchain/core/messages";
import { ChatPromptTemplate, MessagesPlaceholder } from "@langchain/core/prompts";
import { expect, test } from "vitest";
import { CassandraHistoryError } from "../../src/index.ts";
import { texts, turn } from "../support/messages.ts";
import { recordingModel } from "../support/prompts.ts";
import { openClient, openHistory, ownKeyspace } from "../support/session.ts";
import { breakableClient, pageSizesOf, watchClient } from "../support/watch.ts";

const client = openClient();
const keyspace = ownKeyspace(client);
const DEFAULT_PAGE_SIZE = 1024;

/** For a memory that returns messages; the chain's own prompt takes text. */
const withMessages = ChatPromptTemplate.fromMessages([
  ["system", "be brief"],
  new MessagesPlaceholder("history"),
  ["human", "{input}"],
]);

function typesOf(messages: readonly BaseMessage[]): string[] {
  return messages.map(({ type }) => type);
}

test("BufferMemory with messages: the second turn's prompt holds the first turn as it was", async () => {
  const history = openHistory({ client, keyspace });
  const { model, prompts } = recordingModel("hello", "fine");
  const memory = new BufferMemory({ chatHistory: history, returnMessages: true });
  const chain = new ConversationChain({ llm: model, prompt: withMessages, memory });
  expect(await chain.invoke({ input: "hi" })).toEqual({ response: "hello" });
  expect(await chain.invoke({ input: "how are you?" })).toEqual({ response: "fine" });
  expect(texts(prompts[1] ?? [])).toEqual(["be brief", "hi", "hello", "how are you?"]);
  expect(typesOf(prompts[1] ?? [])).toEqual(["system", "human", "ai", "human"]);
  expect(texts(await history.getMessages())).toEqual(["hi", "hello", "how are you?", "fine"]);
});

test("BufferMemory with text: a second history of the session goes on with the conversation", async () => {
  const first = openHistory({ client, keyspace });
  const { model, prompts } = recordingModel("hello", "fine");
  await new ConversationChain({ llm: model, memory: new BufferMemory({ chatHistory: first }) }).invoke({ input: "hi" });
  const second = openHistory({ client, keyspace, sessionId: first.sessionId });
  const memory = new BufferMemory({ chatHistory: second });
  await new ConversationChain({ llm: model, memory }).invoke({ input: "how are you?" });
  expect(texts(prompts[1] ?? [])).toEqual([expect.stringContaining("Human: hi\nAI: hello\nHuman: how are you?\nAI:")]);
  await memory.clear();
  expect(await first.getMessages()).toEqual([]);
});

test.each([true, false])(
  "BufferWindowMemory, returnMessages %s: maxMessages of 2k gives the same k turns, and reads no more",
  async (returnMessages) => {
    const sessionId = `window ${returnMessages}`;
    const { watched, requests } = watchClient(client);
    await openHistory({ client, keyspace, sessionId }).addMessages([1, 2, 3, 4, 5].flatMap(turn));
    const load = (maxMessages?: number): Promise<Record<string, unknown>> => {
      const chatHistory = openHistory({ client: watched, keyspace, sessionId, maxMessages });
      return new BufferWindowMemory({ chatHistory, returnMessages, k: 2 }).loadMemoryVariables({});
    };
    const [all, windowed] = [await load(), await load(4)];
    const expected = ["question 4", "answer 4", "question 5", "answer 5"];
    const shown = ({ history }: Record<string, unknown>): string[] =>
      Array.isArray(history) ? texts(history) : String(history).split("\n");
    expect(shown(all)).toEqual(
      returnMessages ? expected : expected.map((text) => `${text.startsWith("q") ? "Human" : "AI"}: ${text}`),
    );
    expect(windowed).toEqual(all);
    expect(pageSizesOf(requests, / ORDER BY /)).toEqual([DEFAULT_PAGE_SIZE, 4]);
  },
);

test.each([true, false])(
  "ConversationSummaryBufferMemory, returnMessages %s: the summary comes first, and the log keeps all",
  async (returnMessages) => {
    const history = openHistory({ client, keyspace });
    await history.addMessages([1, 2, 3].flatMap(turn));
    const { model, prompts } = recordingModel("they talked", "hello", "they talked more");
    const fields = { llm: model, chatHistory: history, returnMessages, maxTokenLimit: 8 };
    const memory = new ConversationSummaryBufferMemory(fields);
    await memory.prune();
    expect(memory.movingSummaryBuffer).toBe("they talked");
    const prompt = returnMessages ? { prompt: withMessages } : {};
    await new ConversationChain({ llm: model, memory, ...prompt }).invoke({ input: "hi" });
    const asked = (prompts[1] ?? []).map(({ text }) => text).join("\n");
    expect(asked).toMatch(/they talked.*question 1.*hi/s);
    expect(memory.movingSummaryBuffer).toBe("they talked more");
    expect(texts(await history.getMessages())).toEqual([...texts([1, 2, 3].flatMap(turn)), "hi", "hello"]);
  },
);

test("ConversationSummaryBufferMemory prunes no store: only maxMessages keeps the summarised turns out of its prompt", async () => {
  const sessionId = "summarised";
  await openHistory({ client, keyspace, sessionId }).addMessages([1, 2, 3, 4].flatMap(turn));
  const load = async (maxMessages?: number): Promise<string[]> => {
    const chatHistory = openHistory({ client, keyspace, sessionId, maxMessages });
    const { model } = recordingModel("they talked");
    const fields = { llm: model, chatHistory, returnMessages: true, maxTokenLimit: 1 };
    const memory = new ConversationSummaryBufferMemory(fields);
    await memory.prune();
    return texts((await memory.loadMemoryVariables({}))["history"]);
  };
  expect(await load()).toEqual(["they talked", ...texts([1, 2, 3, 4].flatMap(turn))]);
  expect(await load(2)).toEqual(["they talked", ...texts(turn(4))]);
});

test("a failed write or read rejects the chain's call", async () => {
  const { breakable, failOn } = breakableClient(client);
  const history = openHistory({ client: breakable, keyspace });
  await history.setup();
  const chain = new ConversationChain({
    llm: recordingModel("hello").model,
    memory: new BufferMemory({ chatHistory: history }),
  });
  failOn(/^INSERT/);
  await expect(chain.invoke({ input: "hi" })).rejects.toMatchObject({ code: "WRITE_FAILED" });
  failOn(/^SELECT/);
  await expect(chain.invoke({ input: "hi" })).rejects.toThrow(CassandraHistoryError);
});
