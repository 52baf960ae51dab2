import { deepStrictEqual } from "node:assert/strict";
import { inspect } from "node:util";
import { AIMessage, type BaseMessage, HumanMessage } from "@langchain/core/messages";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CorruptRow } from "../../src/index.ts";
import { anyMessage, fieldsOf } from "../support/arbitrary.ts";
import { cpuOfParses, MOST_PARSES } from "../support/cpu.ts";
import { failureOf } from "../support/failure.ts";
import { MIB, numbered, texts } from "../support/messages.ts";
import { writeRow } from "../support/rows.ts";
import { appendOne, openClient, openHistory, ownKeyspace } from "../support/session.ts";
import { latestWriteTime } from "../support/time.ts";

const client = openClient();
const keyspace = ownKeyspace(client);

test("any messages come back from the table as they were added", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyMessage, { minLength: 1, maxLength: 5 }), async (messages) => {
      const history = openHistory({ client, keyspace });
      const expected = messages.map(fieldsOf);
      await history.addMessages(messages);
      deepStrictEqual((await history.getMessages()).map(fieldsOf), expected);
    }),
    { numRuns: 400 },
  );
});

test("a message of 8 MiB comes back whole", async () => {
  const history = openHistory({ client, keyspace });
  const large = new HumanMessage("ä0".repeat((8 * MIB) / 3));
  await history.addMessage(large);
  expect((await history.getMessages())[0]?.content).toBe(large.content);
});

describe("a corrupt row", () => {
  const text = '{"type":"human","data":{"content":"secret words"';

  async function corruptAt(position: number, count: number): Promise<{ sessionId: string; id: string }> {
    const history = openHistory({ client, keyspace });
    const entries = await history.append(numbered(count));
    const id = entries[position]?.id ?? "";
    const { sessionId } = history;
    await writeRow(client, { keyspace, sessionId, id, message: text, timestamp: latestWriteTime() });
    return { sessionId, id };
  }

  test("is named by session and id, never by its text", async () => {
    const at = await corruptAt(2, 5);
    const error = await failureOf(openHistory({ client, keyspace, sessionId: at.sessionId }).getMessages());
    expect(error).toMatchObject({ code: "CORRUPT_ROW", ...at });
    expect(error.message).toBe(
      `The row ${at.id} of session "${at.sessionId}" holds no message that the codec can decode. ` +
        'Read on without it by onCorruptRow: "skip" or a function, or remove it with delete([id]).',
    );
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain("secret");
  });

  test("that is skipped does not use up a window", async () => {
    const { sessionId } = await corruptAt(3, 6);
    const history = openHistory({ client, keyspace, sessionId, onCorruptRow: "skip" });
    expect(texts(await history.getMessages())).toEqual([0, 1, 2, 4, 5].map((at) => `message ${at}`));
    expect(texts(await history.getMessages({ maxMessages: 3 }))).toEqual([2, 4, 5].map((at) => `message ${at}`));
    expect(texts(await history.getMessages({ maxMessages: 6 }))).toHaveLength(5);
  });

  test("that is skipped is no neighbour of a page", async () => {
    const { sessionId, id } = await corruptAt(3, 4);
    const skipping = openHistory({ client, keyspace, sessionId, onCorruptRow: "skip" });
    const page = await skipping.getPage({ limit: 2, before: id });
    expect([page.entries.length, page.older, page.newer]).toEqual([2, page.entries[0]?.id, undefined]);
  });

  test("fails the page that holds it, and no page beside it", async () => {
    const { sessionId, id } = await corruptAt(3, 4);
    const history = openHistory({ client, keyspace, sessionId });
    const page = await history.getPage({ limit: 2, before: id });
    expect(texts(page.entries.map(({ message }) => message))).toEqual(["message 1", "message 2"]);
    expect(page.newer).toBe(page.entries[1]?.id);
    expect((await failureOf(history.getPage({ limit: 2 }))).code).toBe("CORRUPT_ROW");
  });

  test("just outside a page does not fail the page", async () => {
    const { sessionId } = await corruptAt(0, 3);
    const page = await openHistory({ client, keyspace, sessionId }).getPage({ limit: 2 });
    expect([texts(page.entries.map(({ message }) => message)), page.older]).toEqual([
      ["message 1", "message 2"],
      page.entries[0]?.id,
    ]);
  });

  test("is replaced, or left out, by a function", async () => {
    const { sessionId, id } = await corruptAt(0, 2);
    const seen: CorruptRow[] = [];
    const open = (give: () => BaseMessage | undefined) =>
      openHistory({
        client,
        keyspace,
        sessionId,
        onCorruptRow: (row) => {
          seen.push(row);
          return give();
        },
      });
    expect(texts(await open(() => new AIMessage("(unreadable)")).getMessages())).toEqual(["(unreadable)", "message 1"]);
    expect(texts(await open(() => undefined).getMessages())).toEqual(["message 1"]);
    expect(seen).toHaveLength(2);
    expect(seen[0]).toMatchObject({ sessionId, id, text });
    expect(seen[0]?.cause).toBeInstanceOf(SyntaxError);
  });
});

/** Another writer's row, in the place of a message. */
async function put(history: ReturnType<typeof openHistory>, text: string): Promise<string> {
  const [entry] = await history.append(numbered(1));
  const id = entry?.id ?? "";
  const update = `UPDATE "${keyspace}".message_store SET message = ? WHERE session_id = ? AND message_id = ?`;
  const timestamp = (Date.now() + 1) * 1000;
  await client.execute(update, [text, history.sessionId, id], { prepare: true, timestamp });
  return id;
}

describe("a row of another writer", () => {
  test.each([
    '{"type":"human"}',
    '{"type":"ai","role":"assistant"}',
    '{"type":"human","data":null}',
    '{"type":"human","data":["x"]}',
    '{"type":"human","codec":1}',
    '{"type":"human","data":5,"codec":1}',
    '{"type":"ai","data":{"content":"x","tool_calls":[null]},"codec":1}',
  ])("that holds no message is corrupt: %s", async (text) => {
    const history = openHistory({ client, keyspace });
    const id = await put(history, text);
    await expect(history.getMessages()).rejects.toMatchObject({ code: "CORRUPT_ROW", id });
    const skipping = openHistory({ client, keyspace, sessionId: history.sessionId, onCorruptRow: "skip" });
    expect(await skipping.getMessages()).toEqual([]);
  });

  test("of Python's, of 8 million escapes and a NaN, is read in little time", async () => {
    const history = openHistory({ client, keyspace });
    await put(
      history,
      `{"type": "human", "data": {"content": "${"\\n".repeat(8e6)}", "additional_kwargs": {"p": NaN}, "type": "human"}}`,
    );
    const { result, parses } = await cpuOfParses(() => history.getMessages());
    expect(parses).toBeLessThan(MOST_PARSES);
    const [message] = result;
    expect(message?.content).toHaveLength(8e6);
    expect(message?.additional_kwargs).toEqual({ p: Number.NaN });
  });
});

describe("a codec whose text is not well-formed Unicode", () => {
  const bad = (text: string) => ({
    encode: (message: BaseMessage) => (message.text === "bad" ? text : message.text),
    decode: (given: string) => new HumanMessage(given),
  });

  test.each(["x\ud800", "\udc00", "a\udc00\ud800b"])("writes nothing of the call: %j", async (text) => {
    const history = openHistory({ client, keyspace, codec: bad(text) });
    const [entry] = await history.append([new HumanMessage("first")]);
    const messages = [new HumanMessage("good"), new HumanMessage("bad"), new HumanMessage("good")];
    for (const call of [
      () => history.append(messages),
      () => history.addMessages(messages),
      () => history.addUserMessage("bad"),
      () => history.update(entry?.id ?? "", new HumanMessage("bad")),
    ]) {
      await expect(call()).rejects.toMatchObject({ code: "INVALID_MESSAGE" });
    }
    expect(texts(await history.getMessages())).toEqual(["first"]);
  });
});

test("a remove row of Python's is counted, listed, copied and deleted", async () => {
  const history = openHistory({ client, keyspace });
  const [first] = await history.append(numbered(2));
  const id = first?.id ?? "";
  const message = '{"type": "remove", "data": {"content": "", "id": "m1", "name": null}}';
  const { sessionId } = history;
  await writeRow(client, { keyspace, sessionId, id, message, timestamp: latestWriteTime() });
  expect((await history.getMessages())[0]).toMatchObject({ type: "remove", id: "m1" });
  expect(await history.count()).toBe(2);
  expect((await history.getPage({ limit: 5 })).entries.map(({ message }) => message.type)).toEqual(["remove", "human"]);
  expect(await (await history.fork(`${history.sessionId} copy`)).count()).toBe(2);
  await history.delete([id]);
  expect(texts(await history.getMessages())).toEqual(["message 1"]);
});

describe("a codec of one's own", () => {
  test("is told the session and the id, and its text is what is stored", async () => {
    const places: object[] = [];
    const codec = {
      encode: (message: BaseMessage, at: object): string => {
        places.push({ ...at });
        return Buffer.from(message.text).toString("hex");
      },
      decode: (text: string, at: object): BaseMessage => {
        places.push({ ...at });
        return new AIMessage(Buffer.from(text, "hex").toString());
      },
    };
    const history = openHistory({ client, keyspace, codec });
    const id = await appendOne(history, new HumanMessage("hi"));
    expect((await history.getMessages())[0]).toMatchObject({ type: "ai", content: "hi" });
    const at = { sessionId: history.sessionId, id };
    expect(places).toEqual([at, at]);
    const select = `SELECT message FROM "${keyspace}".message_store WHERE session_id = ?`;
    const { rows } = await client.execute(select, [history.sessionId], { prepare: true });
    expect(rows[0]?.["message"]).toBe("6869");
  });

  test.each([
    [
      "throws",
      () => {
        throw new RangeError("no key");
      },
      /this human message cannot be encoded/,
    ],
    [
      "gives no string",
      () => 5 as unknown as string,
      /expected the codec to encode this human message as a string, got a number/,
    ],
  ])("that %s while encoding writes nothing", async (_, encode, expected) => {
    const history = openHistory({ client, keyspace, codec: { encode, decode: () => new HumanMessage("") } });
    const error = await failureOf(history.addUserMessage("hi"));
    expect(error).toMatchObject({ code: "INVALID_MESSAGE", message: expect.stringMatching(expected) });
    expect(await history.getMessages()).toEqual([]);
  });

  test.each([
    [
      "throws",
      () => {
        throw new RangeError("wrong key");
      },
    ],
    ["gives no message", () => "hi" as unknown as BaseMessage],
  ])("that %s while decoding makes a corrupt row", async (_, decode) => {
    const history = openHistory({ client, keyspace, codec: { encode: () => "x", decode } });
    await history.addUserMessage("hi");
    const error: unknown = await history.getMessages().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "CORRUPT_ROW" });
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain("wrong key");
    const skipping = openHistory({
      client,
      keyspace,
      sessionId: history.sessionId,
      codec: { encode: () => "x", decode },
      onCorruptRow: "skip",
    });
    expect(await skipping.getMessages()).toEqual([]);
  });
});
