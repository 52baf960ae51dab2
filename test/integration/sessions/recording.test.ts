import { errors, types } from "cassandra-driver";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type CassandraChatMessageHistory, CassandraChatSessions } from "../../../src/index.ts";
import { forgetClock } from "../../support/clock.ts";
import { failureOf } from "../../support/failure.ts";
import { numbered, texts, turn } from "../../support/messages.ts";
import { openClient, ownKeyspace } from "../../support/session.ts";
import { add, idsOf, listAll, newUser, rawEntries } from "../../support/user-sessions.ts";
import { watchClient } from "../../support/watch.ts";

const client = openClient();
const keyspace = ownKeyspace(client);
const plain = new CassandraChatSessions({ client, keyspace });

/** What a request does, in one word; batches as the words of their statements. */
function wordOf(query: string): string {
  const table = query.includes("message_store_sessions") ? "entry" : "messages";
  return `${query.startsWith("SELECT") ? "read" : query.startsWith("DELETE") ? "delete" : "write"} ${table}`;
}

function isOfSetup(query: string): boolean {
  return query.includes("system") || query.includes("IN ()") || query.startsWith("CREATE");
}

/** A process of its own, as far as what it knows of sessions goes; `fail` names the requests that fail. */
function watchedSessions(fail: (word: string, query: string) => boolean = () => false, options: object = {}) {
  const rounds: string[][] = [];
  let inFlight = 0;
  const { watched } = watchClient(client, async ({ queries: [query = ""] }, send) => {
    if (isOfSetup(query)) return send();
    const word = wordOf(query);
    // A round begins with a request that is sent when none is in flight.
    if (inFlight === 0) rounds.push([]);
    rounds.at(-1)?.push(word);
    inFlight += 1;
    try {
      if (fail(word, query)) throw new errors.OperationTimedOutError("late");
      return await send();
    } finally {
      inFlight -= 1;
    }
  });
  const sessions = new CassandraChatSessions({ client: watched, keyspace, ...options });
  return { sessions, rounds: () => rounds.splice(0).map((round) => round.sort()) };
}

beforeEach(async () => {
  await plain.setup();
});

afterEach(() => {
  vi.restoreAllMocks();
  forgetClock();
});

describe("round trips of an add", () => {
  test("the first of a process stores the entry first; later ones write both at the same time", async () => {
    const { sessions, rounds } = watchedSessions();
    const user = newUser();
    await sessions.setup();
    rounds();
    const history = sessions.open(user, "s");
    await history.addMessages(turn(1));
    expect(rounds()).toEqual([
      ["read entry", "write entry"],
      ["write entry", "write messages"],
    ]);
    await history.addMessages(turn(2));
    expect(rounds()).toEqual([["write entry", "write messages"]]);
    await sessions.open(user, "s").addMessages(turn(3));
    expect(rounds()).toEqual([["write entry", "write messages"]]);
  });

  test("a session that is there needs no second write of its creation", async () => {
    const { sessions, rounds } = watchedSessions();
    const user = newUser();
    await add(plain, user, "s");
    await sessions.setup();
    rounds();
    await add(sessions, user, "s");
    expect(rounds()).toEqual([["read entry", "write entry"], ["write messages"]]);
  });

  test("after a minute, and after a delete by this process, the entry is stored first again", async () => {
    const { sessions, rounds } = watchedSessions();
    const user = newUser();
    await add(sessions, user, "s");
    const now = performance.now();
    vi.spyOn(performance, "now").mockImplementation(() => now + 59_000);
    rounds();
    await add(sessions, user, "s");
    expect(rounds()).toEqual([["write entry", "write messages"]]);
    vi.spyOn(performance, "now").mockImplementation(() => now + 61_000);
    await add(sessions, user, "s");
    expect(rounds()).toEqual([["read entry", "write entry"], ["write messages"]]);
    await sessions.delete(user, "s");
    rounds();
    await add(sessions, user, "s");
    expect(rounds()[0]).toEqual(["read entry", "write entry"]);
    await sessions.deleteAll(user);
    rounds();
    await add(sessions, user, "s");
    expect(rounds()[0]).toEqual(["read entry", "write entry"]);
  });

  test("an add that expires reads the entry first", async () => {
    const { sessions, rounds } = watchedSessions(undefined, { ttlSeconds: 1000 });
    const user = newUser();
    await sessions.setup();
    rounds();
    await add(sessions, user, "s");
    expect(rounds()).toEqual([["read entry"], ["write entry"], ["write messages"]]);
    await add(sessions, user, "s");
    expect(rounds()).toEqual([["read entry"], ["write entry", "write messages"]]);
  });

  test("adds made without awaiting share one write of the entry, and so do histories of one session", async () => {
    const { sessions, rounds } = watchedSessions();
    const user = newUser();
    await sessions.setup();
    rounds();
    const history = sessions.open(user, "s");
    await Promise.all(numbered(50).map((message) => history.addMessage(message)));
    expect(rounds().flat()).toHaveLength(4);
    await Promise.all(numbered(50).map((message) => history.addMessage(message)));
    expect(rounds()).toEqual([["write entry", "write messages"]]);
    const other = newUser();
    await Promise.all(numbered(50).map((message) => sessions.open(other, "s").addMessage(message)));
    expect(
      rounds()
        .flat()
        .filter((word) => word === "read entry"),
    ).toHaveLength(1);
    expect(texts(await plain.open(other, "s").getMessages())).toEqual(texts(numbered(50)));
  });

  test("of very many sessions the oldest are forgotten, and then stored first again", async () => {
    const { sessions, rounds } = watchedSessions();
    const user = newUser();
    await add(sessions, user, "first");
    await Promise.all(Array.from({ length: 10_000 }, (_, at) => add(sessions, user, `${at}`)));
    rounds();
    await add(sessions, user, "first");
    expect(rounds()[0]).toEqual(["read entry", "write entry"]);
    expect(await listAll(sessions, user, { limit: 1000 })).toHaveLength(10_001);
  });
});

/** When the entry of a session, and the newest of its messages, were written. */
async function datesOf(user: string, history: CassandraChatMessageHistory) {
  const entries = await client.execute(
    `SELECT last_active, WRITETIME(last_active) AS date FROM ${keyspace}.message_store_sessions WHERE user_id = ? AND session_id = ?`,
    [user, JSON.parse(history.sessionId)[1]],
    { prepare: true },
  );
  const messages = await client.execute(
    `SELECT MAX(WRITETIME(message)) AS date FROM ${keyspace}.message_store WHERE session_id = ?`,
    [history.sessionId],
    { prepare: true },
  );
  const [entry, message] = [entries.first(), messages.first()];
  return { entry: Number(entry["date"]), messages: Number(message["date"]), lastActive: entry["last_active"] };
}

describe("an entry and its messages", () => {
  test("are dated alike, whatever the clock does", async () => {
    const user = newUser();
    for (const offset of [0, -3_600_000, 3_600_000, -1000]) {
      vi.spyOn(Date, "now").mockReturnValue(1_800_000_000_000 + offset);
      const history = plain.open(user, `${offset}`);
      await history.addMessages(turn(1));
      await history.addMessages(turn(2));
      const { entry, messages, lastActive } = await datesOf(user, history);
      expect(messages).toBe(entry);
      expect(lastActive.getTime()).toBe(Math.floor(entry / 1000));
    }
  });

  test.each([undefined, 100])(
    "are dated alike where this process deleted the ids ahead of its clock, ttl %s",
    async (ttlSeconds) => {
      const user = newUser();
      vi.spyOn(Date, "now").mockReturnValue(Date.now() + 3_600_000);
      const entries = await plain.open(user, "s", { ttlSeconds }).append(turn(1));
      vi.restoreAllMocks();
      forgetClock();
      const ids = entries.map(({ id }) => id);
      const history = watchedSessions().sessions.open(user, "s", { ttlSeconds });
      // First where the process does not know the entry, and then where it does.
      for (const round of [1, 2]) {
        const before = await datesOf(user, history);
        await history.delete(ids);
        await history.append(turn(round), { ids });
        const { entry, messages } = await datesOf(user, history);
        expect(entry).toBeGreaterThan(before.entry);
        expect(messages).toBe(entry);
      }
    },
  );

  test("lastActiveAt never goes back, where another writer's clock is behind", async () => {
    const user = newUser();
    await add(plain, user, "s");
    const before = await plain.get(user, "s");
    vi.spyOn(Date, "now").mockReturnValue(Date.now() - 3_600_000);
    forgetClock();
    await add(watchedSessions().sessions, user, "s");
    expect(await plain.get(user, "s")).toEqual(before);
  });

  test("createdAt stays, however many processes are first, and add later", async () => {
    const user = newUser();
    const processes = Array.from({ length: 10 }, () => watchedSessions().sessions);
    await Promise.all(processes.map((sessions) => sessions.setup()));
    await Promise.all(processes.map((sessions) => add(sessions, user, "s")));
    const [session] = await listAll(plain, user);
    for (const sessions of processes) await add(sessions, user, "s");
    for (const sessions of processes.map(() => watchedSessions().sessions)) await add(sessions, user, "s");
    const [later] = await listAll(plain, user);
    expect(later?.createdAt).toEqual(session?.createdAt);
    expect(later?.lastActiveAt.getTime()).toBeGreaterThan(session?.lastActiveAt.getTime() ?? 0);
  });

  test("createdAt is the last activity of an entry that has none, and is kept from then on", async () => {
    const user = newUser();
    const date = new Date(1_700_000_000_000);
    await client.execute(
      `INSERT INTO ${keyspace}.message_store_sessions (user_id, session_id, last_active) VALUES (?, 's', ?) USING TIMESTAMP 1700000000000000`,
      [user, date],
      { prepare: true },
    );
    expect(await plain.get(user, "s")).toMatchObject({ createdAt: date, lastActiveAt: date });
    await plain.update(user, "s", { title: "T" });
    expect(await plain.get(user, "s")).toMatchObject({ createdAt: date, lastActiveAt: date });
    await add(plain, user, "s");
    expect(await plain.get(user, "s")).toMatchObject({ createdAt: date, title: "T" });
  });
});

describe("a write that fails", () => {
  test("of the first entry: nothing is sent, and the same ids are good for another try", async () => {
    let broken = true;
    const { sessions } = watchedSessions((word) => broken && word === "write entry");
    const user = newUser();
    const history = sessions.open(user, "s");
    const failure = await failureOf(history.addMessages(turn(1)));
    expect(failure).toMatchObject({ code: "WRITE_FAILED", ids: [expect.any(String), expect.any(String)], written: [] });
    expect(failure.message).not.toContain(user);
    expect(await history.getMessages()).toEqual([]);
    broken = false;
    await history.append(turn(1), { ids: failure.ids });
    expect(texts(await history.getMessages())).toEqual(["question 1", "answer 1"]);
    expect(idsOf(await listAll(plain, user))).toEqual(["s"]);
  });

  test("of the first look at the entry: nothing is sent", async () => {
    const { sessions } = watchedSessions((word) => word === "read entry");
    const user = newUser();
    for (const options of [{}, { ttlSeconds: 1000 }]) {
      const history = sessions.open(user, "s", options);
      expect(await failureOf(history.addMessages(turn(1)))).toMatchObject({ code: "WRITE_FAILED", written: [] });
      expect(await history.getMessages()).toEqual([]);
    }
  });

  test.each([{}, { ttlSeconds: 1000 }])(
    "of a later entry: all ids are written, and stored once in the end: %j",
    async (options) => {
      let broken = false;
      const { sessions, rounds } = watchedSessions((word) => broken && word === "write entry", options);
      const user = newUser();
      const history = sessions.open(user, "s");
      await history.addMessages(turn(1));
      const before = await sessions.get(user, "s");
      broken = true;
      const adds = [history.addMessages(turn(2)), history.addMessages(turn(3))];
      const failures = await Promise.all(adds.map(failureOf));
      for (const failure of failures) {
        expect(failure.code).toBe("WRITE_FAILED");
        expect(failure.ids).toHaveLength(2);
        expect(failure.written).toEqual(failure.ids);
      }
      // A call of several batches.
      const large = numbered(3).map((message) => Object.assign(message, { content: "x".repeat(600_000) }));
      const ofLarge = await failureOf(history.addMessages(large));
      expect([ofLarge.ids?.length, ofLarge.written?.length]).toEqual([3, 1]);
      broken = false;
      await history.append(turn(2), { ids: failures[0]?.ids });
      await history.append(turn(3), { ids: failures[1]?.ids });
      expect(texts(await history.getMessages()).slice(0, 6)).toEqual(texts([turn(1), turn(2), turn(3)].flat()));
      expect((await sessions.get(user, "s"))?.lastActiveAt.getTime()).toBeGreaterThan(
        before?.lastActiveAt.getTime() ?? 0,
      );
      rounds();
    },
  );

  test("of the creation beside the first messages: they are written, and the next add writes the creation", async () => {
    let broken = true;
    const { sessions } = watchedSessions((_, query) => broken && query.includes('"created_at" = ?'));
    const user = newUser();
    const history = sessions.open(user, "s");
    const failure = await failureOf(history.addMessages(turn(1)));
    expect(failure.written).toEqual(failure.ids);
    broken = false;
    await history.append(turn(1), { ids: failure.ids });
    expect(await history.count()).toBe(2);
    expect((await rawEntries(client, keyspace, user))[0]?.["created_at"]).toBeInstanceOf(Date);
  });

  test("of the messages: that is what the add tells, and the session is listed", async () => {
    const { sessions } = watchedSessions((word) => word === "write messages");
    const user = newUser();
    const failure = await failureOf(sessions.open(user, "s").addMessages(turn(1)));
    expect(failure).toMatchObject({ code: "WRITE_FAILED", written: [] });
    expect(failure.message).toMatch(/^Writing 2 message/);
    expect(idsOf(await listAll(plain, user))).toEqual(["s"]);
  });

  test("of the setup of the sessions table: SETUP_FAILED, and nothing is sent", async () => {
    const sessions = new CassandraChatSessions({
      client,
      keyspace,
      sessionsTable: "message_store2",
      createTable: false,
    });
    const user = newUser();
    const failure = await failureOf(sessions.open(user, "s").addMessages(turn(1)));
    expect(failure.code).toBe("SETUP_FAILED");
    expect(failure.message).toContain('CREATE TABLE IF NOT EXISTS "');
    expect(await sessions.open(user, "s").getMessages()).toEqual([]);
  });

  test("in other methods: READ_FAILED or WRITE_FAILED, without the user and without what was written", async () => {
    let failing = "";
    const { sessions } = watchedSessions((word) => word === failing);
    const user = newUser();
    await add(sessions, user, "s");
    const calls: [string, string, () => Promise<unknown>][] = [
      ["read entry", "READ_FAILED", () => sessions.list(user)],
      ["read entry", "READ_FAILED", () => sessions.get(user, "s")],
      ["read entry", "READ_FAILED", () => sessions.update(user, "s", { title: "secret" })],
      ["write entry", "WRITE_FAILED", () => sessions.update(user, "s", { title: "secret", metadata: { a: "secret" } })],
      ["write entry", "WRITE_FAILED", () => sessions.create(user, { title: "secret" })],
      ["read entry", "READ_FAILED", () => sessions.delete(user, "s")],
      ["delete entry", "WRITE_FAILED", () => sessions.delete(user, "s")],
      ["delete messages", "WRITE_FAILED", () => sessions.delete(user, "s")],
      ["read entry", "READ_FAILED", () => sessions.deleteAll(user)],
      ["write messages", "WRITE_FAILED", () => add(plain, user, "s").then(() => sessions.fork(user, "s"))],
      ["write entry", "WRITE_FAILED", () => sessions.fork(user, "s")],
    ];
    for (const [word, code, call] of calls) {
      failing = word;
      const failure = await failureOf(call());
      expect([word, failure.code]).toEqual([word, code]);
      expect(failure.message).not.toContain(user);
      expect(failure.message).not.toContain("secret");
    }
    failing = "";
    expect(await sessions.deleteAll(user)).toBeGreaterThan(0);
    expect(await rawEntries(client, keyspace, user)).toEqual([]);
  });
});

test("deleteAll looks again, and deletes what the first look did not show", async () => {
  const user = newUser();
  for (const id of ["a", "b", "c"]) await add(plain, user, id);
  let looks = 0;
  const { watched } = watchClient(client, async ({ queries: [query = ""] }, send) => {
    const result = await send();
    // As of a replica that lags.
    if (query.includes("WRITETIME") && query.endsWith('"user_id" = ?') && looks++ === 0) result.rows.splice(0, 1);
    return result;
  });
  expect(await new CassandraChatSessions({ client: watched, keyspace }).deleteAll(user)).toBe(3);
  expect(looks).toBe(3);
  expect(await rawEntries(client, keyspace, user)).toEqual([]);
});

test("a table of other columns is SETUP_FAILED, and the error names the option", async () => {
  await client.execute(`CREATE TABLE ${keyspace}.others (user_id text PRIMARY KEY, title text)`);
  const sessions = new CassandraChatSessions({ client, keyspace, sessionsTable: "others" });
  const failure = await failureOf(sessions.list("u"));
  expect(failure.code).toBe("SETUP_FAILED");
  expect(failure.message).toContain("`sessionsTable`");
});

test("an add of which the signal aborts while the entry is stored is not sent", async () => {
  const stop = new AbortController();
  const reason = new Error("enough");
  const { sessions } = watchedSessions((word) => {
    if (word === "write entry") stop.abort(reason);
    return false;
  });
  const user = newUser();
  await expect(sessions.open(user, "s").append(turn(1), { signal: stop.signal })).rejects.toBe(reason);
  expect(await plain.open(user, "s").getMessages()).toEqual([]);
});

test("consistency of reads and writes is the history's own", async () => {
  const seen: (number | undefined)[][] = [];
  const { watched } = watchClient(client, ({ queries: [query = ""], options }, send) => {
    if (!isOfSetup(query)) seen.push([query.startsWith("SELECT") ? 0 : 1, options.consistency]);
    return send();
  });
  const { one, localOne, localQuorum, quorum } = types.consistencies;
  const common = { readOptions: { consistency: one }, writeOptions: { consistency: localOne } };
  const sessions = new CassandraChatSessions({ client: watched, keyspace, ...common });
  const user = newUser();
  await add(sessions, user, "s");
  await sessions.list(user);
  expect(seen.splice(0).every(([write, level]) => level === (write ? localOne : one))).toBe(true);
  const own = { readOptions: { consistency: quorum }, writeOptions: { consistency: localQuorum } };
  await sessions.open(user, "t", own).addUserMessage("x");
  expect(seen.splice(0).every(([write, level]) => level === (write ? localQuorum : quorum))).toBe(true);
});
