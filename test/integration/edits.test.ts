import { AIMessage, HumanMessage, ToolMessage } from "@langchain/core/messages";
import { errors, types } from "cassandra-driver";
import { describe, expect, test, vi } from "vitest";
import type { CassandraChatMessageHistory } from "../../src/index.ts";
import { failureOf } from "../support/failure.ts";
import { idFromNow, UNKNOWN_ID } from "../support/ids.ts";
import { aiMessage, KIB, largeMessages, MIB, numbered, TOO_LARGE_BYTES, texts } from "../support/messages.ts";
import { humanRow, writeRow } from "../support/rows.ts";
import { appendOne, openClient, openHistory, ownKeyspace } from "../support/session.ts";
import { HOUR, MINUTE, SECOND, writeTime } from "../support/time.ts";
import { asksFor, watchClient } from "../support/watch.ts";

const client = openClient();
const keyspace = ownKeyspace(client);

/** Adds a message as a writer does whose clock is ahead by so many milliseconds. Gives the message's id. */
async function addAhead(history: CassandraChatMessageHistory, text: string, ahead: number): Promise<string> {
  await history.setup();
  const id = idFromNow(ahead);
  await write(history, id, text, writeTime(ahead));
  return id;
}

function write(
  { sessionId }: CassandraChatMessageHistory,
  id: string,
  text: string,
  timestamp: number | types.Long,
): Promise<void> {
  return writeRow(client, { keyspace, sessionId, id, message: humanRow(text), timestamp });
}

describe("rows of a writer whose clock is ahead", () => {
  test.each([5, 50, MINUTE, HOUR])(
    "by %i ms are cleared for good, and an add after the clear survives",
    async (skew) => {
      const history = openHistory({ client, keyspace });
      await addAhead(history, "ahead", skew);
      await history.addUserMessage("now");
      await history.clear();
      expect(await history.getMessages()).toEqual([]);
      await history.addUserMessage("after");
      expect(texts(await history.getMessages())).toEqual(["after"]);
    },
  );

  test("that replace an older message are cleared, too", async () => {
    const history = openHistory({ client, keyspace });
    const id = await appendOne(history);
    await write(history, id, "changed ahead", writeTime(MINUTE));
    await history.clear();
    expect(await history.getMessages()).toEqual([]);
  });

  test("do not make a clear remove what a process adds whose clock has passed the clear", async () => {
    const history = openHistory({ client, keyspace });
    await addAhead(history, "far ahead", HOUR);
    await history.clear();
    await addAhead(history, "a little later", SECOND);
    expect(texts(await history.getMessages())).toEqual(["a little later"]);
  });

  test("that another process adds while the clear runs survive", async () => {
    let deletes = 0;
    const { watched } = watchClient(client, async (request, send) => {
      const result = await send();
      if (asksFor(request, /^DELETE/) && ++deletes === 1) await addAhead(history, "meanwhile", 2);
      return result;
    });
    const history = openHistory({ client: watched, keyspace });
    await history.addUserMessage("before");
    await history.clear();
    expect(texts(await openHistory({ client, keyspace, sessionId: history.sessionId }).getMessages())).toEqual([
      "meanwhile",
    ]);
  });

  test("that are dated in nanoseconds are updated, deleted and cleared", async () => {
    const history = openHistory({ client, keyspace });
    // As a number, this one is rounded down by 100.
    const nanoseconds = types.Long.fromString(String(((BigInt(Date.now()) * 1_000_000n) / 256n) * 256n + 100n));
    await history.setup();
    const add = async (): Promise<string> => {
      const id = types.TimeUuid.now().toString();
      await write(history, id, "nano", nanoseconds);
      return id;
    };
    await history.update(await add(), new AIMessage("changed"));
    expect(texts(await history.getMessages())).toEqual(["changed"]);
    await history.clear();
    expect(await history.getMessages()).toEqual([]);
    await history.delete([await add()]);
    expect(await history.getMessages()).toEqual([]);
  });

  test("are updated, deleted by id, and deleted from an id on", async () => {
    const history = openHistory({ client, keyspace });
    const first = await appendOne(history);
    const a = await addAhead(history, "a", MINUTE);
    const b = await addAhead(history, "b", 2 * MINUTE);
    await addAhead(history, "c", 3 * MINUTE);
    await history.update(a, new AIMessage("changed"));
    expect(texts(await history.getMessages())).toEqual(["message 0", "changed", "b", "c"]);
    await history.delete([a, a]);
    expect(texts(await history.getMessages())).toEqual(["message 0", "b", "c"]);
    await history.deleteFrom(b);
    expect(texts(await history.getMessages())).toEqual(["message 0"]);
    await history.addUserMessage("goes on");
    await history.deleteFrom(first);
    expect(await history.getMessages()).toEqual([]);
  });
});

test("clear removes no part of a batch that another process writes meanwhile, with ids from before the clear", async () => {
  let deletes = 0;
  const { watched } = watchClient(client, async (request, send) => {
    const result = await send();
    // As a large append does: its ids are from before our delete, its write time is after it.
    if (asksFor(request, /^DELETE/) && ++deletes === 1) {
      for (const [at, id] of ids.entries()) await write(history, id, `part ${at}`, writeTime(2));
    }
    return result;
  });
  const history = openHistory({ client: watched, keyspace });
  await history.addUserMessage("before");
  const ids = [-2, -1, 1, 2].map(idFromNow);
  await history.clear();
  const read = await openHistory({ client, keyspace, sessionId: history.sessionId }).getMessages();
  expect(texts(read)).toEqual(["part 0", "part 1", "part 2", "part 3"]);
});

test("an add to a fork comes after every copied message, also one from a clock ahead", async () => {
  const history = openHistory({ client, keyspace });
  await addAhead(history, "ahead", MINUTE);
  const forked = await history.fork(`${history.sessionId} fork`);
  await forked.addUserMessage("after");
  expect(texts(await forked.getMessages())).toEqual(["ahead", "after"]);
  await history.addUserMessage("goes on");
  expect(texts(await history.getMessages())).toEqual(["ahead", "goes on"]);
});

test("delete removes rows that its own read does not see", async () => {
  const { watched } = watchClient(client, async (request, send) => {
    const result = await send();
    return asksFor(request, /WRITETIME/) ? Object.assign(result, { rows: [] }) : result;
  });
  const history = openHistory({ client: watched, keyspace });
  const entries = await history.append(numbered(250));
  const ids = entries.map(({ id }) => id);
  const deletion = history.delete(ids);
  ids.length = 0;
  await deletion;
  expect(await history.getMessages()).toEqual([]);
});

test("an update that timed out and takes effect late loses to the next update", async () => {
  let late: (() => Promise<unknown>) | undefined;
  const { watched } = watchClient(client, (request, send) => {
    if (late !== undefined || !asksFor(request, /^INSERT/) || !editing) return send();
    late = send;
    return Promise.reject(new errors.OperationTimedOutError("late"));
  });
  let editing = false;
  const history = openHistory({ client: watched, keyspace });
  const id = await appendOne(history);
  editing = true;
  // Of two cells of one time, Cassandra takes the one that sorts last.
  expect((await failureOf(history.update(id, new AIMessage("zzz: first")))).code).toBe("WRITE_FAILED");
  await openHistory({ client, keyspace, sessionId: history.sessionId }).update(id, new AIMessage("aaa: second"));
  await late?.();
  expect(texts(await history.getMessages())).toEqual(["aaa: second"]);
});

describe("an edit", () => {
  test("that meets a delete never brings the message back", async () => {
    for (let round = 0; round < 100; round += 1) {
      const [editing, deleting] = [
        openHistory({ client, keyspace, sessionId: "race" }),
        openHistory({ client, keyspace, sessionId: "race" }),
      ];
      const id = await appendOne(editing);
      await Promise.allSettled([editing.update(id, new AIMessage("edited")), deleting.delete([id])]);
      expect(await editing.getMessages()).toEqual([]);
    }
  });

  test("that arrives after a delete does not bring the message back", async () => {
    const { watched } = watchClient(client, async (request, send) => {
      if (asksFor(request, /^INSERT/) && held) await plain.delete([id]);
      return send();
    });
    let held = false;
    const history = openHistory({ client: watched, keyspace });
    const plain = openHistory({ client, keyspace, sessionId: history.sessionId });
    const id = await appendOne(history);
    held = true;
    await history.update(id, new AIMessage("edited"));
    expect(await plain.getMessages()).toEqual([]);
  });

  test("takes effect after the calls before it and before the calls after it, unawaited", async () => {
    const history = openHistory({ client, keyspace });
    const id = await appendOne(history);
    const calls = [
      history.update(id, new AIMessage("1")),
      history.update(id, new AIMessage("2")),
      history.addUserMessage("3"),
    ];
    const read = history.getMessages();
    const gone = history.deleteFrom(id);
    const late = history.addUserMessage("4");
    await Promise.all([...calls, gone, late]);
    expect([texts(await read), texts(await history.getMessages())]).toEqual([["2", "3"], ["4"]]);
  });

  test("is refused without its entry, with a wrong argument or with what is no message", async () => {
    const history = openHistory({ client, keyspace });
    const id = await appendOne(history);
    await expect(history.update(UNKNOWN_ID, new AIMessage("x"))).rejects.toMatchObject({
      code: "NOT_FOUND",
      id: UNKNOWN_ID,
      sessionId: history.sessionId,
      message: `Expected an entry ${UNKNOWN_ID} in session "${history.sessionId}", found none: it was never there, was deleted or has expired.`,
    });
    await expect(history.update(id, "x" as unknown as AIMessage)).rejects.toMatchObject({
      code: "INVALID_MESSAGE",
    });
    await expect(history.update("x", new AIMessage("x"))).rejects.toMatchObject({ code: "INVALID_OPTION" });
    await expect(history.delete(["x"])).rejects.toMatchObject({ code: "INVALID_OPTION" });
    await expect(history.fork(history.sessionId)).rejects.toMatchObject({ code: "INVALID_OPTION" });
    await expect(history.fork("")).rejects.toMatchObject({ code: "INVALID_OPTION" });
    await expect(history.getPage({ limit: 1, before: UNKNOWN_ID, after: UNKNOWN_ID })).rejects.toMatchObject({
      code: "INVALID_OPTION",
    });
    await expect(history.entries({ limit: 0 }).next()).rejects.toMatchObject({ code: "INVALID_OPTION" });
  });
});

describe("expiry", () => {
  test("is the same after update and fork", async () => {
    const history = openHistory({ client, keyspace, ttlSeconds: 1000 });
    const [expiring] = await history.append(numbered(1));
    await openHistory({ client, keyspace, sessionId: history.sessionId }).append(numbered(1, 1));
    await history.update(expiring?.id ?? "", new AIMessage("changed"));
    const forked = await history.fork(`${history.sessionId} again`);
    for (const one of [history, forked]) {
      const entries = (await one.getPage({ limit: 5 })).entries;
      expect(entries.map(({ message }) => message.text)).toEqual(["changed", "message 1"]);
      expect(entries.map(({ id }) => id)[0]).toBe(expiring?.id);
      const left = (entries[0]?.expiresAt?.getTime() ?? 0) - Date.now();
      expect(left).toBeGreaterThan(980_000);
      expect(left).toBeLessThanOrEqual(1_001_000);
      expect(entries[1] && "expiresAt" in entries[1]).toBe(false);
    }
  });

  test("by a table's default is neither added nor removed by an edit", async () => {
    await client.execute(
      `CREATE TABLE ${keyspace}.expiring (session_id text, message_id timeuuid, message text, PRIMARY KEY (session_id, message_id))`,
    );
    const history = openHistory({ client, keyspace, table: "expiring" });
    const [entry] = await history.append(numbered(1));
    await client.execute(`ALTER TABLE ${keyspace}.expiring WITH default_time_to_live = 1000`);
    await history.append(numbered(1, 1));
    await history.update(entry?.id ?? "", new AIMessage("changed"));
    const { entries } = await history.getPage({ limit: 2 });
    expect(entries.map(({ expiresAt }) => expiresAt !== undefined)).toEqual([false, true]);
  });

  test("of the oldest messages leaves no tool message at the head of a window", async () => {
    const history = openHistory({ client, keyspace });
    const call = aiMessage({ content: "", tool_calls: [{ id: "c", name: "f", args: {} }] });
    await history.append([new HumanMessage("q"), call], { ttlSeconds: 1 });
    await history.append([
      new ToolMessage({ content: "r", tool_call_id: "c" }),
      new AIMessage("a"),
      new HumanMessage("next"),
    ]);
    await vi.waitUntil(async () => (await history.count()) === 3, { timeout: 20_000, interval: 100 });
    expect((await history.getMessages({ maxMessages: 10 })).map(({ type }) => type)).toEqual(["ai", "human"]);
    expect(await history.getMessages()).toHaveLength(3);
  });
});

describe("an abort", () => {
  const reason = new Error("enough");

  test("stops an append between two of its batches", async () => {
    const controller = new AbortController();
    let batches = 0;
    const { watched } = watchClient(client, async (request, send) => {
      const result = await send();
      if (asksFor(request, /^INSERT/) && ++batches === 2) controller.abort(reason);
      return result;
    });
    const history = openHistory({ client: watched, keyspace });
    const messages = largeMessages(5, 900 * KIB);
    await expect(history.append(messages, { signal: controller.signal })).rejects.toBe(reason);
    expect(await history.count()).toBe(2);
    await expect(history.append(messages, { signal: controller.signal })).rejects.toBe(reason);
    expect(await history.count()).toBe(2);
  });

  test("keeps an append that waits for its turn from being sent", async () => {
    const history = openHistory({ client, keyspace });
    await history.addMessages(numbered(2));
    const late = new AbortController();
    const held = [history.clear(), history.append(numbered(1), { signal: late.signal })];
    late.abort(reason);
    expect(await Promise.allSettled(held)).toMatchObject([{ status: "fulfilled" }, { status: "rejected", reason }]);
    expect(await history.count()).toBe(0);
  });

  test.each([
    ["between two pages", 1],
    ["in the middle of a page", 2],
  ])("ends an iteration %s", async (_, pageSize) => {
    const history = openHistory({ client, keyspace, pageSize });
    await history.addMessages(numbered(2));
    const iteration = new AbortController();
    const entries = history.entries({ signal: iteration.signal });
    expect((await entries.next()).done).toBe(false);
    iteration.abort(reason);
    await expect(entries.next()).rejects.toBe(reason);
  });

  test("ends an iteration without waiting for the calls before it", async () => {
    const history = openHistory({ client, keyspace });
    let isAdded = false;
    const added = history.addMessages(numbered(1)).then(() => {
      isAdded = true;
    });
    await expect(history.entries({ signal: AbortSignal.abort(reason) }).next()).rejects.toBe(reason);
    expect(isAdded).toBe(false);
    await added;
  });
});

test("a message too large for the server fails its call with its size and the limit, and nothing is stored", async () => {
  const history = openHistory({ client, keyspace });
  const large = new HumanMessage("x".repeat(TOO_LARGE_BYTES));
  const messages = [...numbered(2), new HumanMessage("y".repeat(MIB)), large, ...numbered(2)];
  await expect(history.append(messages)).rejects.toMatchObject({
    code: "MESSAGE_TOO_LARGE",
    message: expect.stringMatching(
      /^Too large for the server, which takes at most 16777216 bytes in one write \(16 MiB by default\): the largest message of the call has 17825\d{3} bytes\. Nothing/,
    ),
  });
  expect(await history.getMessages()).toEqual([]);
  await expect(history.append([large])).rejects.toMatchObject({ code: "MESSAGE_TOO_LARGE" });
  const id = await appendOne(history);
  await expect(history.update(id, large)).rejects.toMatchObject({ code: "MESSAGE_TOO_LARGE" });
});
