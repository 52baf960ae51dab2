import { HumanMessage } from "@langchain/core/messages";
import { describe, expect, test } from "vitest";
import {
  CassandraChatMessageHistory,
  CassandraChatSessions,
  chatSessionKey,
  PYTHON_COLUMNS,
} from "../../../src/index.ts";
import { failureOf } from "../../support/failure.ts";
import { texts, turn } from "../../support/messages.ts";
import { openClient, ownKeyspace } from "../../support/session.ts";
import { add, idsOf, listAll, newUser, rawEntries, rawKeys } from "../../support/user-sessions.ts";

const client = openClient();
const keyspace = ownKeyspace(client);
const sessions = new CassandraChatSessions({ client, keyspace });

describe("open", () => {
  test("gives a history of the key, and its adds make the session", async () => {
    const user = newUser();
    const before = Date.now();
    const history = sessions.open(user, "trip");
    expect(history).toBeInstanceOf(CassandraChatMessageHistory);
    expect(history.sessionId).toBe(chatSessionKey(user, "trip"));
    expect(await sessions.get(user, "trip")).toBeUndefined();
    await history.addMessages(turn(1));
    const session = await sessions.get(user, "trip");
    expect(session).toEqual({
      userId: user,
      sessionId: "trip",
      createdAt: session?.lastActiveAt,
      lastActiveAt: expect.any(Date),
      pinned: false,
      archived: false,
      metadata: {},
    });
    expect(session?.lastActiveAt.getTime()).toBeGreaterThanOrEqual(before);
    expect(session?.lastActiveAt.getTime()).toBeLessThanOrEqual(Date.now());
    expect(Object.isFrozen(session)).toBe(true);
    const plain = new CassandraChatMessageHistory({ client, keyspace, sessionId: chatSessionKey(user, "trip") });
    expect(texts(await plain.getMessages())).toEqual(["question 1", "answer 1"]);
  });

  test("each kind of add moves the last activity, and not the creation", async () => {
    const user = newUser();
    const history = sessions.open(user, "s");
    await history.addUserMessage("1");
    const created = await sessions.get(user, "s");
    const kinds = [
      () => history.addAIMessage("2"),
      () => history.addMessage(new HumanMessage("3")),
      () => history.addMessages(turn(4)),
      () => history.append(turn(5)),
      () => sessions.open(user, "s", { maxMessages: 2 }).addUserMessage("6"),
    ];
    let last = created?.lastActiveAt.getTime() ?? 0;
    for (const kind of kinds) {
      await new Promise((resolve) => setTimeout(resolve, 2));
      await kind();
      const now = await sessions.get(user, "s");
      expect(now?.lastActiveAt.getTime()).toBeGreaterThan(last);
      expect(now?.createdAt).toEqual(created?.createdAt);
      last = now?.lastActiveAt.getTime() ?? 0;
    }
  });

  test("its options take the place of the common ones", async () => {
    const common = new CassandraChatSessions({ client, keyspace, maxMessages: 1 });
    const user = newUser();
    await common.open(user, "s").addMessages(turn(1));
    expect(texts(await common.open(user, "s").getMessages())).toEqual(["answer 1"]);
    expect(texts(await common.open(user, "s", { maxMessages: 2 }).getMessages())).toEqual(["question 1", "answer 1"]);
    expect(texts(await common.open(user, "s", { maxMessages: undefined }).getMessages())).toEqual(["answer 1"]);
  });

  test("clear() keeps the entry, and fork of the history is refused", async () => {
    const user = newUser();
    const history = sessions.open(user, "s");
    await history.addUserMessage("1");
    await history.clear();
    expect(idsOf(await listAll(sessions, user))).toEqual(["s"]);
    const failure = await failureOf(history.fork("other"));
    expect(failure).toMatchObject({ code: "INVALID_OPTION" });
    expect(failure.message).toContain("CassandraChatSessions");
    expect(failure.message).not.toContain(user);
  });

  test("an add of nothing records nothing", async () => {
    const user = newUser();
    await sessions.open(user, "s").addMessages([]);
    expect(await rawEntries(client, keyspace, user)).toEqual([]);
  });
});

describe("list", () => {
  test("last active first, page by page, archived ones left out", async () => {
    const user = newUser();
    for (const id of ["a", "b", "c", "d"]) await add(sessions, user, id);
    await add(sessions, user, "b");
    await sessions.update(user, "c", { archived: true });
    await sessions.update(user, "a", { pinned: true });
    const first = await sessions.list(user, { limit: 2 });
    expect(idsOf(first.sessions)).toEqual(["b", "d"]);
    const second = await sessions.list(user, { limit: 2, after: first.next });
    expect(idsOf(second.sessions)).toEqual(["a"]);
    expect(second).not.toHaveProperty("next");
    expect(idsOf((await sessions.list(user, { archived: true })).sessions)).toEqual(["c"]);
    expect(idsOf((await sessions.list(user, { archived: "any" })).sessions)).toEqual(["b", "d", "c", "a"]);
    expect(idsOf((await sessions.list(user, { pinned: true })).sessions)).toEqual(["a"]);
    expect(idsOf((await sessions.list(user, { pinned: false })).sessions)).toEqual(["b", "d"]);
  });

  test("a user without sessions has an empty list", async () => {
    expect(await sessions.list(newUser())).toEqual({ sessions: [] });
  });

  test("a cursor that is none of a list is refused", async () => {
    for (const after of ["", "x", "bm90IGpzb24", Buffer.from('["a","b"]').toString("base64url")]) {
      expect(await failureOf(sessions.list(newUser(), { after }))).toMatchObject({ code: "INVALID_OPTION" });
    }
  });
});

describe("update", () => {
  test("sets what is given, merges metadata key by key, and removes by null", async () => {
    const user = newUser();
    await add(sessions, user, "s");
    const before = await sessions.get(user, "s");
    const steps = [
      [
        { title: "T", metadata: { a: 1, b: { c: [null, "x"] } } },
        { title: "T", metadata: { a: 1, b: { c: [null, "x"] } } },
      ],
      [
        { pinned: true, metadata: { a: null, "": "empty" } },
        { title: "T", pinned: true, metadata: { b: { c: [null, "x"] }, "": "empty" } },
      ],
      [
        { title: null, archived: true },
        { pinned: true, archived: true, metadata: { b: { c: [null, "x"] }, "": "empty" } },
      ],
      [
        { title: "", pinned: false },
        { title: "", pinned: false, archived: true, metadata: { b: { c: [null, "x"] }, "": "empty" } },
      ],
      [{}, { title: "", pinned: false, archived: true, metadata: { b: { c: [null, "x"] }, "": "empty" } }],
    ] as const;
    for (const [changes, expected] of steps) {
      const returned = await sessions.update(user, "s", changes);
      const { title, ...rest } = { ...before, ...{ pinned: false, archived: false }, ...expected } as Record<
        string,
        unknown
      >;
      expect(returned).toEqual({ ...rest, ...("title" in expected && { title }) });
      expect(await sessions.get(user, "s")).toEqual(returned);
    }
  });

  test("a session that is not there is NOT_FOUND, and stays so", async () => {
    const user = newUser();
    const failure = await failureOf(sessions.update(user, "gone", { title: "T" }));
    expect(failure).toMatchObject({ code: "NOT_FOUND", sessionId: "gone" });
    expect(failure.message).not.toContain(user);
    expect(await rawEntries(client, keyspace, user)).toEqual([]);
  });

  test("metadata may have 64 KiB after the update, and no more", async () => {
    const user = newUser();
    await add(sessions, user, "s");
    const half = "x".repeat(32 * 1024 - 3);
    await sessions.update(user, "s", { metadata: { a: half, b: half } });
    const failure = await failureOf(sessions.update(user, "s", { metadata: { c: 1 } }));
    expect(failure).toMatchObject({ code: "INVALID_OPTION" });
    expect(failure.message).not.toContain("xxx");
    expect((await sessions.update(user, "s", { metadata: { b: null, c: 1 } })).metadata).toEqual({ a: half, c: 1 });
  });
});

describe("create", () => {
  test("makes an entry with a random id, or the one given", async () => {
    const user = newUser();
    const made = await sessions.create(user, { title: "T", metadata: { a: [1] }, pinned: true });
    expect(made).toMatchObject({ userId: user, title: "T", metadata: { a: [1] }, pinned: true, archived: false });
    expect(made.sessionId).toMatch(/^[0-9a-f-]{36}$/);
    expect(await sessions.get(user, made.sessionId)).toEqual(made);
    expect((await sessions.create(user, { sessionId: "own" })).sessionId).toBe("own");
    expect(idsOf(await listAll(sessions, user))).toEqual(["own", made.sessionId]);
  });

  test("of one that is there sets what is given, without activity", async () => {
    const user = newUser();
    const made = await sessions.create(user, { sessionId: "s", title: "T", metadata: { a: 1 } });
    const again = await sessions.create(user, { sessionId: "s", metadata: { b: 2 } });
    expect(again).toEqual({ ...made, metadata: { a: 1, b: 2 } });
    expect(await sessions.get(user, "s")).toEqual(again);
  });
});

describe("delete", () => {
  test("takes messages and entry; one that is not there is no error", async () => {
    const user = newUser();
    await add(sessions, user, "s");
    await sessions.update(user, "s", { title: "T", metadata: { a: 1 } });
    await sessions.delete(user, "s");
    await sessions.delete(user, "never");
    expect(await rawEntries(client, keyspace, user)).toEqual([]);
    expect(await sessions.open(user, "s").getMessages()).toEqual([]);
    await add(sessions, user, "s");
    expect(await sessions.get(user, "s")).not.toHaveProperty("title");
    expect((await sessions.get(user, "s"))?.metadata).toEqual({});
  });

  test("deleteAll takes all of the user's, and of nobody else", async () => {
    const [user, other] = [newUser(), newUser()];
    for (let at = 0; at < 40; at += 1) await add(sessions, user, `${at}`);
    await add(sessions, other, "1");
    const told: number[] = [];
    const done = await sessions.deleteAll(user, { onProgress: (progress) => told.push(progress.done) });
    expect(done).toBe(40);
    expect(told).toEqual(Array.from({ length: 40 }, (_, at) => at + 1));
    expect(await rawEntries(client, keyspace, user)).toEqual([]);
    expect(await sessions.open(user, "7").getMessages()).toEqual([]);
    expect(idsOf(await listAll(sessions, other))).toEqual(["1"]);
    expect(await sessions.deleteAll(user)).toBe(0);
  });
});

test("deleteAll that is aborted, or whose onProgress throws, stops, and the same call goes on", async () => {
  const user = newUser();
  await Promise.all(Array.from({ length: 100 }, (_, at) => add(sessions, user, `${at}`)));
  const stop = new AbortController();
  const reason = new Error("enough");
  const stopAt = (done: number): void => {
    if (done === 20) stop.abort(reason);
  };
  const { signal } = stop;
  await expect(sessions.deleteAll(user, { signal, onProgress: ({ done }) => stopAt(done) })).rejects.toBe(reason);
  await expect(sessions.deleteAll(user, { signal })).rejects.toBe(reason);
  const left = (await rawEntries(client, keyspace, user)).length;
  expect(left).toBeGreaterThan(40);
  expect(left).toBeLessThan(100);
  const onProgress = (): void => {
    throw reason;
  };
  await expect(sessions.deleteAll(user, { onProgress })).rejects.toBe(reason);
  const done = await sessions.deleteAll(user);
  expect(done).toBeLessThan(left);
  expect(await rawEntries(client, keyspace, user)).toEqual([]);
  expect(await rawKeys(client, keyspace, user)).toEqual([]);
});

test.each([
  ["Map", { map: Map }],
  ["bigints", { useBigIntAsLong: true, useBigIntAsVarint: true }],
  ["undefined as it is", { useUndefinedAsUnset: false, copyBuffer: false, set: Set, map: Map }],
])("works whatever the client's encoding options are: %s", async (_, encoding) => {
  const other = new CassandraChatSessions({ client: openClient({ encoding }), keyspace });
  const user = newUser();
  await add(other, user, "s");
  const changed = await other.update(user, "s", {
    title: "T",
    metadata: { hasOwnProperty: 1, constructor: "c", b: 2 },
  });
  await other.update(user, "s", { metadata: { b: null } });
  await other.open(user, "e", { ttlSeconds: 1000 }).addUserMessage("expires");
  await other.update(user, "e", { title: "E", metadata: { k: 1 } });
  await other.open(user, "e", { ttlSeconds: 2000 }).addUserMessage("expires");
  expect(await other.get(user, "s")).toEqual({ ...changed, metadata: { hasOwnProperty: 1, constructor: "c" } });
  expect(await sessions.get(user, "s")).toEqual(await other.get(user, "s"));
  expect(idsOf(await listAll(other, user))).toEqual(["e", "s"]);
  expect(await other.deleteAll(user)).toBe(2);
});

test.each([
  ["Python's columns", { table: "py", columns: PYTHON_COLUMNS }],
  ["other names", { table: "Other", sessionsTable: 'Of"Users', columns: { message: "m" } }],
  ["pages of one row", { pageSize: 1 }],
])("works with %s", async (name, options) => {
  const other = new CassandraChatSessions({
    client: openClient({ queryOptions: { fetchSize: 1 } }),
    keyspace,
    ...options,
  });
  const works = name !== "other names";
  const user = newUser();
  if (!works) {
    // A table's name holds letters, digits and underscores only.
    const refused = await failureOf(other.create(user));
    expect(refused).toMatchObject({ code: "SETUP_FAILED" });
    return;
  }
  for (const id of ["a", "b", "c"]) await add(other, user, id);
  await other.update(user, "a", { title: "T", metadata: { a: 1, b: 2 } });
  expect(idsOf(await listAll(other, user, { limit: 2 }))).toEqual(["c", "b", "a"]);
  expect(await other.get(user, "a")).toMatchObject({ title: "T", metadata: { a: 1, b: 2 } });
  expect(texts(await other.open(user, "b").getMessages())).toEqual(["hi"]);
  expect(await other.deleteAll(user)).toBe(3);
  expect(await listAll(other, user)).toEqual([]);
});
