import { randomUUID } from "node:crypto";
import {
  AIMessage,
  type BaseMessage,
  ChatMessage,
  FunctionMessage,
  HumanMessage,
  mapChatMessagesToStoredMessages,
  type StoredMessage,
  SystemMessage,
  ToolMessage,
} from "@langchain/core/messages";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { type CassandraChatMessageHistory, PYTHON_COLUMNS } from "../../src/index.ts";
import { aiMessage, numbered, texts } from "../support/messages.ts";
import { hasPython, installPython, PythonPeer } from "../support/python.ts";
import { openClient, openHistory, ownKeyspace } from "../support/session.ts";

const python = await hasPython();
if (!python)
  process.stdout.write("Left out: the tests against LangChain's Python class, as there is no python3 with pip.\n");

describe.runIf(python)("one table with LangChain's Python class", () => {
  const client = openClient();
  const keyspace = ownKeyspace(client);
  const table = "message_store";
  let peer: PythonPeer;

  const open = (sessionId: string): CassandraChatMessageHistory =>
    openHistory({ client, keyspace, sessionId, table, columns: PYTHON_COLUMNS });
  const stored = (messages: BaseMessage[]): StoredMessage[] => mapChatMessagesToStoredMessages(messages);

  // The first to use it makes the table: here, Python.
  beforeAll(async () => {
    await installPython();
    peer = await PythonPeer.start(inject("contactPoints"), keyspace, table);
    await peer.read("any");
  }, 300_000);
  afterAll(() => peer?.stop());

  const every: BaseMessage[] = [
    new SystemMessage("be brief"),
    new HumanMessage({ content: [{ type: "text", text: "look \ud83d\ude00 \u0000" }], name: "ada", id: "h1" }),
    aiMessage({
      content: "",
      id: "a1",
      tool_calls: [
        { name: "look", args: { deep: [{ lc: 1 }] } },
        { id: "c2", name: "look", args: {}, type: "tool_call" },
      ],
      invalid_tool_calls: [{ args: "{", error: "cut" }],
      usage_metadata: { input_tokens: 1, output_tokens: 2, total_tokens: 3 },
      response_metadata: { model_name: "m" },
    }),
    new ToolMessage({
      content: "a cat",
      tool_call_id: "c2",
      artifact: { at: new Date(0), n: Number.NaN },
      status: "error",
    }),
    new FunctionMessage({ content: "old", name: "f" }),
    new ChatMessage("hi", "narrator"),
    new AIMessage({ content: "binary", additional_kwargs: { bytes: new Uint8Array([1, 2]), big: 5n } }),
  ];

  test("Python reads every message that we write", async () => {
    const history = open(randomUUID());
    await history.addMessages(every);
    const read = await peer.read(history.sessionId);
    expect(read.map(({ type }) => type)).toEqual(["system", "human", "ai", "tool", "function", "chat", "ai"]);
    expect(read.map(({ data }) => data.content)).toEqual(every.map(({ content }) => content));
    expect(read[1]?.data).toMatchObject({ name: "ada", id: "h1" });
    expect(read[2]?.data).toMatchObject({
      id: "a1",
      tool_calls: [
        { id: null, name: "look", args: { deep: [{ lc: 1 }] } },
        { id: "c2", name: "look", args: {} },
      ],
      invalid_tool_calls: [{ id: null, name: null, args: "{", error: "cut" }],
      usage_metadata: { input_tokens: 1, output_tokens: 2, total_tokens: 3 },
      response_metadata: { model_name: "m" },
    });
    expect(read[3]?.data).toMatchObject({ tool_call_id: "c2", status: "error" });
    expect(read[5]?.data).toMatchObject({ role: "narrator" });
  });

  test("we read our messages again after Python has read them and written them again", async () => {
    const [ours, again] = [open(randomUUID()), open(randomUUID())];
    await ours.addMessages(every.slice(0, 6));
    await peer.add(again.sessionId, await peer.read(ours.sessionId));
    const [expected, read] = [await ours.getMessages(), await again.getMessages()];
    expect(read.map((message) => message.constructor)).toEqual(expected.map((message) => message.constructor));
    expect(read.map(({ content }) => content)).toEqual(expected.map(({ content }) => content));
    expect(read[1]).toMatchObject({ name: "ada", id: "h1" });
    expect(read[2]).toMatchObject({
      id: "a1",
      tool_calls: [{ id: undefined, args: { deep: [{ lc: 1 }] } }, { id: "c2" }],
      invalid_tool_calls: [{ id: undefined, name: undefined, args: "{", error: "cut" }],
      usage_metadata: { total_tokens: 3 },
    });
    expect(read[3]).toMatchObject({ tool_call_id: "c2", status: "error" });
  });

  test("we read Python's remove rows, chunk rows, NaN and Infinity", async () => {
    const history = open(randomUUID());
    await peer.add(history.sessionId, [
      { type: "remove", data: { content: "", id: "m1" } as StoredMessage["data"] },
      { type: "AIMessageChunk", data: { content: "chunk" } as StoredMessage["data"] },
    ]);
    await peer.writeNumbers(history.sessionId);
    const [remove, chunk, numbers, done] = await history.getMessages();
    expect(remove).toMatchObject({ type: "remove", id: "m1" });
    expect(chunk?.constructor).toBe(AIMessage);
    expect(numbers?.additional_kwargs).toEqual({
      nan: Number.NaN,
      infinity: Number.POSITIVE_INFINITY,
      negative: Number.NEGATIVE_INFINITY,
      text: "NaN",
    });
    expect(done).toMatchObject({ id: "a1", name: "ada", usage_metadata: undefined });
  });

  test("401 messages by alternating writers keep their order, though neither reads", async () => {
    const history = open(randomUUID());
    for (const [at, message] of numbered(401).entries()) {
      if (at % 2 === 0) await history.addMessage(message);
      else await peer.add(history.sessionId, stored([message]));
    }
    expect(texts(await history.getMessages())).toEqual(texts(numbered(401)));
    expect((await peer.read(history.sessionId)).map(({ data }) => data.content)).toEqual(texts(numbered(401)));
  });

  test("both sides read all of 5,200 rows", async () => {
    const history = open(randomUUID());
    await history.addMessages(numbered(2600));
    await peer.add(history.sessionId, stored(numbered(2600, 2600)));
    expect(texts(await history.getMessages())).toEqual(texts(numbered(5200)));
    expect((await peer.read(history.sessionId)).map(({ data }) => data.content)).toEqual(texts(numbered(5200)));
  });

  test("an add right after the other side's clear survives, 100 times from each side", async () => {
    const history = open(randomUUID());
    for (let round = 0; round < 100; round += 1) {
      await peer.clear(history.sessionId);
      await history.addUserMessage(`ours ${round}`);
      expect(texts(await history.getMessages())).toEqual([`ours ${round}`]);
      await history.clear();
      await peer.add(history.sessionId, stored([new HumanMessage(`theirs ${round}`)]));
      expect(texts(await history.getMessages())).toEqual([`theirs ${round}`]);
    }
  });
});
