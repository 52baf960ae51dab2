/** Edits of one row that meet: of an update and a delete the delete wins, of two updates of a process the later call. */
import { setTimeout } from "node:timers/promises";
import { AIMessage, HumanMessage } from "@langchain/core/messages";
import { type Client, errors, types } from "cassandra-driver";
import fc from "fast-check";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { CassandraChatMessageHistory } from "../../src/index.ts";
import { failureOf } from "../support/failure.ts";
import { numbered, texts } from "../support/messages.ts";
import { openClient, openHistory, ownKeyspace } from "../support/session.ts";
import { type SeenRequest, watchClient } from "../support/watch.ts";

const client = openClient();
const otherClient = openClient();
const bigIntClient = openClient({ encoding: { useBigIntAsLong: true } });
const keyspace = ownKeyspace(client);
beforeAll(() => openHistory({ client, keyspace }).setup());

const SECOND = 1_000_000n;
const query = ({ queries }: SeenRequest): string => queries[0] ?? "";
const isRead = (request: SeenRequest): boolean => /^SELECT .* ORDER BY/.test(query(request));
const isDelete = (request: SeenRequest): boolean => /^DELETE/.test(query(request));
const isInsert = (request: SeenRequest): boolean => /^INSERT/.test(query(request));

/** The client, and `meet` run once: before the first of these requests is sent, or after it was answered. */
function meeting(
  when: "before" | "after",
  matches: (request: SeenRequest) => boolean,
  meet: () => Promise<void>,
): Client {
  let met = false;
  return watchClient(client, async (request, send) => {
    if (met || !matches(request)) return send();
    met = true;
    if (when === "before") await meet();
    const result = await send();
    if (when === "after") await meet();
    return result;
  }).watched;
}

/** A row as a writer dates it, in whatever unit. */
async function put(sessionId: string, id: string, text: string, writeTime: bigint): Promise<void> {
  const row = JSON.stringify({ type: "human", data: { content: text } });
  const insert = `INSERT INTO ${keyspace}.message_store (session_id, message_id, message) VALUES (?, ?, ?)`;
  const timestamp = types.Long.fromString(`${writeTime}`);
  await client.execute(insert, [sessionId, id, row], { prepare: true, timestamp });
}

const micros = (): bigint => BigInt(Date.now()) * 1000n;

const writers: Readonly<Record<string, () => bigint>> = {
  "a right clock": micros,
  "a clock a millisecond ahead": () => micros() + 1000n,
  "a clock a minute ahead": () => micros() + 60n * SECOND,
  "a clock that dates in nanoseconds": () => micros() * 1000n + 100n,
};

const deletes: Readonly<Record<string, (history: CassandraChatMessageHistory, id: string) => Promise<void>>> = {
  delete: (history, id) => history.delete([id]),
  deleteFrom: (history, id) => history.deleteFrom(id),
  clear: (history) => history.clear(),
};

describe.each(Object.keys(writers))("a message of %s", (writer) => {
  const place = async (sessionId: string): Promise<string> => {
    const id = types.TimeUuid.now().toString();
    await put(sessionId, id, "as it was", writers[writer]?.() ?? 0n);
    return id;
  };

  test.each(Object.keys(deletes))("stays away after %s, however many updates meet it", async (name) => {
    const moments = fc.record({
      updates: fc.constantFrom(1, 2, 3, 200),
      when: fc.constantFrom("before" as const, "after" as const),
      what: fc.constantFrom(isRead, isDelete),
      isTogether: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(moments, async ({ updates, when, what, isTogether }) => {
        const theirs = openHistory({ client: otherClient, keyspace });
        const { sessionId } = theirs;
        const update = (at: number) => theirs.update(id, new HumanMessage(`${at}`));
        const watched = meeting(when, what, async () => {
          const calls: Promise<void>[] = [];
          for (let at = 0; at < updates; at += 1) {
            calls.push(update(at).catch((error) => expect(error.code).toBe("NOT_FOUND")));
            if (!isTogether) await calls.at(-1);
          }
          await Promise.all(calls);
        });
        const id = await place(sessionId);
        await deletes[name]?.(openHistory({ client: watched, keyspace, sessionId }), id);
        expect(await theirs.getMessages()).toEqual([]);
      }),
      { numRuns: 12 },
    );
  });

  test.each(Object.keys(deletes))(
    "stays away after %s that comes between the read and the write of updates",
    async (name) => {
      const { sessionId } = openHistory({ client, keyspace });
      const id = await place(sessionId);
      const plain = openHistory({ client: otherClient, keyspace, sessionId });
      // Two processes: updates of one would wait for each other.
      const write = `INSERT INTO ${keyspace}.message_store (session_id, message_id, message) VALUES (?, ?, ?)`;
      const foreign = await client.execute(
        `SELECT WRITETIME(message) AS time FROM ${keyspace}.message_store WHERE session_id = ? AND message_id = ?`,
        [sessionId, id],
        { prepare: true },
      );
      const watched = meeting("before", isInsert, () => deletes[name]?.(plain, id) ?? Promise.resolve());
      await openHistory({ client: watched, keyspace, sessionId }).update(id, new AIMessage("late"));
      const timestamp = foreign.rows[0]?.["time"].add(2);
      await client.execute(write, [sessionId, id, '{"type":"human","data":{"content":"x"}}'], {
        prepare: true,
        timestamp,
      });
      expect(await plain.getMessages()).toEqual([]);
    },
  );

  test.each(Object.keys(deletes))("can be added again by its id after %s", async (name) => {
    const mine = openHistory({ client, keyspace });
    const id = await place(mine.sessionId);
    await mine.update(id, new AIMessage("changed"));
    await deletes[name]?.(mine, id);
    const again = openHistory({ client: otherClient, keyspace, sessionId: mine.sessionId });
    await again.append([new HumanMessage("again")], { ids: [id] });
    expect(texts(await mine.getMessages())).toEqual(["again"]);
    await mine.update(id, new AIMessage("changed again"));
    expect(texts(await mine.getMessages())).toEqual(["changed again"]);
    await deletes[name]?.(again, id);
    expect(await mine.getMessages()).toEqual([]);
  });
});

test("500 brand new messages are cleared while another process updates them, and come back by a second fork", async () => {
  const from = openHistory({ client, keyspace });
  await from.addMessages(numbered(500));
  const copy = await from.fork(`${from.sessionId} copy`);
  const theirs = openHistory({ client: otherClient, keyspace, sessionId: copy.sessionId });
  const ids: string[] = [];
  for await (const { id } of copy.entries()) ids.push(id);
  const watched = meeting("before", isDelete, async () => {
    await Promise.all(ids.map((id) => theirs.update(id, new AIMessage("changed"))));
  });
  const mine = openHistory({ client: watched, keyspace, sessionId: copy.sessionId });
  await mine.clear();
  expect(await copy.getMessages()).toEqual([]);
  await from.fork(copy.sessionId);
  expect(await copy.count()).toBe(500);
  await copy.delete(ids);
  expect(await copy.count()).toBe(0);
  await from.fork(copy.sessionId);
  expect(texts(await copy.getMessages())).toEqual(texts(numbered(500)));
});

test("what more messages ahead are cleared than the process remembers, all come back by a second fork", async () => {
  const count = 11_000;
  vi.spyOn(Date, "now").mockReturnValue(Date.now() + 60_000);
  const from = openHistory({ client, keyspace });
  await from.addMessages(numbered(count));
  vi.restoreAllMocks();
  const copy = await from.fork(`${from.sessionId} copy`);
  await from.clear();
  expect(await from.getMessages()).toEqual([]);
  await from.addUserMessage("new");
  await copy.fork(from.sessionId);
  expect(await from.count()).toBe(count + 1);
});

test("deletes leave the session's new messages alone, and are not dated further ahead each time", async () => {
  const history = openHistory({ client, keyspace });
  for (let round = 0; round < 30; round += 1) {
    await history.addMessages(numbered(3));
    await history.clear();
  }
  await history.addUserMessage("stays");
  const { rows } = await client.execute(
    `SELECT WRITETIME(message) AS time FROM ${keyspace}.message_store WHERE session_id = ?`,
    [history.sessionId],
    { prepare: true },
  );
  expect(Number(rows[0]?.["time"])).toBeLessThan((Date.now() + 2) * 1000);
});

test("a delete takes what this process updated where its read is at a replica that lags", async () => {
  const mine = openHistory({ client, keyspace });
  const id = types.TimeUuid.now().toString();
  await put(mine.sessionId, id, "ahead", micros() + 60n * SECOND);
  await mine.update(id, new AIMessage("changed"));
  const { watched } = watchClient(client, async (request, send) => {
    const result = await send();
    return isRead(request) ? Object.assign(result, { rows: [] }) : result;
  });
  await openHistory({ client: watched, keyspace, sessionId: mine.sessionId }).delete([id.toUpperCase()]);
  expect(await mine.getMessages()).toEqual([]);
});

test("edits of a client that takes 64-bit integers as bigint", async () => {
  const history = openHistory({ client: bigIntClient, keyspace });
  const id = types.TimeUuid.now().toString();
  await put(history.sessionId, id, "ahead", micros() + 60n * SECOND);
  await history.update(id, new AIMessage("changed"));
  expect([texts(await history.getMessages()), await history.count()]).toEqual([["changed"], 1]);
  await history.delete([id]);
  expect(await history.count()).toBe(0);
  await history.append([new HumanMessage("again")], { ids: [id] });
  expect(await history.count()).toBe(1);
  await history.clear();
  expect(await history.count()).toBe(0);
});

describe("of two updates of a process the later call wins", () => {
  type Open = (client: Client, sessionId: string) => CassandraChatMessageHistory;
  const open: Open = (of, sessionId) => new CassandraChatMessageHistory({ client: of, keyspace, sessionId });

  /** As by the CommonJS build beside the ES module: other classes, the same process. */
  async function openCopy(): Promise<Open> {
    vi.resetModules();
    const copy = await import("../../src/index.ts");
    expect(copy.CassandraChatMessageHistory).not.toBe(CassandraChatMessageHistory);
    return (of, sessionId) => new copy.CassandraChatMessageHistory({ client: of, keyspace, sessionId });
  }

  async function start(): Promise<{ plain: CassandraChatMessageHistory; sessionId: string; id: string }> {
    const plain = openHistory({ client, keyspace });
    const [entry] = await plain.append(numbered(1));
    return { plain, sessionId: plain.sessionId, id: entry?.id ?? "" };
  }

  describe.each<[string, () => Promise<Open>]>([
    ["two histories", async () => open],
    ["two copies of the library", openCopy],
  ])("of %s", (_, second) => {
    test.each<["before" | "after", string, (request: SeenRequest) => boolean]>([
      ["before", "read is sent late", isRead],
      ["after", "read is answered late", isRead],
      ["before", "write is sent late", isInsert],
      ["after", "write is answered late", isInsert],
    ])("(%s) where the earlier one's %s", async (when, _what, matches) => {
      const { plain, sessionId, id } = await start();
      const slow = meeting(when, matches, () => setTimeout(50));
      const openSecond = await second();
      const one = open(slow, sessionId).update(id, new AIMessage("zzz earlier"));
      const two = openSecond(otherClient, sessionId).update(id.toUpperCase(), new AIMessage("aaa later"));
      await Promise.all([one, two]);
      expect(texts(await plain.getMessages())).toEqual(["aaa later"]);
    });

    test("where the earlier ones time out and take effect later", async () => {
      const { plain, sessionId, id } = await start();
      const late: (() => Promise<unknown>)[] = [];
      const { watched } = watchClient(client, (request, send) => {
        if (!isInsert(request)) return send();
        late.push(send);
        return Promise.reject(new errors.OperationTimedOutError("late"));
      });
      const openSecond = await second();
      const failures = ["zzz", "yyy", "xxx"].map((text) =>
        failureOf(open(watched, sessionId).update(id, new AIMessage(text))),
      );
      const last = openSecond(otherClient, sessionId).update(id, new AIMessage("aaa later"));
      expect((await Promise.all(failures)).map(({ code }) => code)).toEqual(Array(3).fill("WRITE_FAILED"));
      await last;
      for (const send of late.reverse()) await send();
      expect(texts(await plain.getMessages())).toEqual(["aaa later"]);
    });

    test("where many are under way, each as slow as it likes", async () => {
      const openSecond = await second();
      const delays = fc.array(fc.nat({ max: 8 }), { minLength: 2, maxLength: 25 });
      await fc.assert(
        fc.asyncProperty(delays, fc.boolean(), async (times, fails) => {
          const { plain, sessionId, id } = await start();
          const late: (() => Promise<unknown>)[] = [];
          const clients = [client, otherClient].map((of) => {
            let at = 0;
            const { watched } = watchClient(of, async (request, send) => {
              at += 1;
              await setTimeout(times[at % times.length]);
              if (!fails || !isInsert(request) || at % 3 > 0) return send();
              late.push(send);
              throw new errors.OperationTimedOutError("late");
            });
            return watched;
          });
          const calls = times.map((_, at) => {
            const history = (at % 2 ? open : openSecond)(
              at === times.length - 1 ? client : (clients[at % 2] ?? client),
              sessionId,
            );
            return history
              .update(id, new AIMessage(`${99 - at}`))
              .catch((error) => expect(error.code).toBe("WRITE_FAILED"));
          });
          await Promise.all(calls);
          await Promise.all(late.map((send) => send()));
          expect(texts(await plain.getMessages())).toEqual([`${100 - times.length}`]);
        }),
        { numRuns: 20 },
      );
    });
  });

  test("where the earlier one was given up: it holds the later one back no longer", async () => {
    const { plain, sessionId, id } = await start();
    let answer = (): void => {};
    const held = new Promise<void>((resolve) => {
      answer = resolve;
    });
    for (const matches of [isRead, isInsert]) {
      const stop = new AbortController();
      const first = open(
        meeting("after", matches, () => held),
        sessionId,
      );
      const one = first.update(id, new AIMessage("zzz given up"), { signal: stop.signal });
      const waiting = open(client, sessionId).update(id, new AIMessage("yyy given up"), { signal: stop.signal });
      const two = open(client, sessionId).update(id, new AIMessage(`aaa ${matches.name}`));
      await setTimeout(30);
      stop.abort(new Error("enough"));
      await expect(one).rejects.toThrow("enough");
      await expect(waiting).rejects.toThrow("enough");
      await two;
      expect(texts(await plain.getMessages())).toEqual([`aaa ${matches.name}`]);
    }
    answer();
    await setTimeout(30);
    expect(texts(await plain.getMessages())).toEqual(["aaa isInsert"]);
  });

  test("where one that waits is given up, and the one before it still runs", async () => {
    const { plain, sessionId, id } = await start();
    let answer = (): void => {};
    const held = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const stop = new AbortController();
    const one = open(
      meeting("after", isRead, () => held),
      sessionId,
    ).update(id, new AIMessage("zzz earlier"));
    const waiting = open(client, sessionId).update(id, new AIMessage("given up"), { signal: stop.signal });
    const two = open(otherClient, sessionId).update(id, new AIMessage("aaa later"));
    stop.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
    await setTimeout(30);
    expect(texts(await plain.getMessages())).toEqual(["message 0"]);
    answer();
    await Promise.all([one, two]);
    expect(texts(await plain.getMessages())).toEqual(["aaa later"]);
  });

  test("of the row that a fork copied as well, and of each row by itself", async () => {
    const { plain, sessionId, id } = await start();
    const copy = await plain.fork(`${sessionId} copy`);
    let answer = (): void => {};
    const held = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const slow = meeting("after", isRead, () => held);
    const one = open(slow, copy.sessionId).update(id, new AIMessage("zzz earlier"));
    const two = copy.update(id, new AIMessage("aaa later"));
    // A row of another session waits for none of them.
    await plain.update(id, new AIMessage("by itself"));
    answer();
    await Promise.all([one, two]);
    expect(texts([...(await plain.getMessages()), ...(await copy.getMessages())])).toEqual(["by itself", "aaa later"]);
  });

  test("while a clear runs: nothing comes back", async () => {
    for (let round = 0; round < 30; round += 1) {
      const { plain, sessionId, id } = await start();
      const updates = Array.from({ length: 10 }, (_, at) =>
        open(at % 2 ? client : otherClient, sessionId)
          .update(id, new AIMessage(`${at}`))
          .catch((error) => expect(error.code).toBe("NOT_FOUND")),
      );
      await Promise.all([...updates, open(otherClient, sessionId).clear()]);
      expect(await plain.getMessages()).toEqual([]);
    }
  });
});
