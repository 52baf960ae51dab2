import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { CassandraChatMessageHistory, CassandraChatSessions, type MessageCodec } from "../../../src/index.ts";
import { failureOf } from "../../support/failure.ts";
import { numbered, texts, turn } from "../../support/messages.ts";
import { openClient, ownKeyspace } from "../../support/session.ts";
import { add, idsOf, listAll, newUser, rawEntries } from "../../support/user-sessions.ts";

const client = openClient();
const keyspace = ownKeyspace(client);
const sessions = new CassandraChatSessions({ client, keyspace });
const plain = (sessionId: string, options: object = {}): CassandraChatMessageHistory =>
  new CassandraChatMessageHistory({ client, keyspace, sessionId, ...options });

describe("fork", () => {
  test("copies messages, metadata and title to a new session, active now", async () => {
    const user = newUser();
    const history = sessions.open(user, "s");
    const entries = await history.append(numbered(5));
    await sessions.update(user, "s", { title: "T", pinned: true, archived: true, metadata: { a: 1 } });
    const source = await sessions.get(user, "s");
    await delay(2);
    const copy = await sessions.fork(user, "s", { through: entries[2]?.id });
    expect(copy).toMatchObject({ userId: user, title: "T", pinned: false, archived: false, metadata: { a: 1 } });
    expect(copy.createdAt.getTime()).toBeGreaterThan(source?.lastActiveAt.getTime() ?? 0);
    expect(copy.lastActiveAt).toEqual(copy.createdAt);
    expect(await sessions.get(user, copy.sessionId)).toEqual(copy);
    expect(await sessions.get(user, "s")).toEqual(source);
    const own = (await sessions.open(user, copy.sessionId).getPage({ limit: 9 })).entries;
    expect(own.map(({ id }) => id)).toEqual(entries.slice(0, 3).map(({ id }) => id));
    expect(await sessions.fork(user, "s", { sessionId: "own", title: "" })).toMatchObject({
      sessionId: "own",
      title: "",
    });
    expect(await sessions.open(user, "own").count()).toBe(5);
    await sessions.open(user, "own").addUserMessage("goes on");
    expect(texts(await sessions.open(user, "own").getMessages()).at(-1)).toBe("goes on");
  });

  test("refuses an id that is there, and what is not there", async () => {
    const user = newUser();
    await add(sessions, user, "s");
    await sessions.create(user, { sessionId: "t" });
    for (const sessionId of ["s", "t"]) {
      const failure = await failureOf(sessions.fork(user, "s", { sessionId }));
      expect(failure).toMatchObject({ code: "INVALID_OPTION" });
    }
    expect(await failureOf(sessions.fork(user, "gone"))).toMatchObject({ code: "NOT_FOUND", sessionId: "gone" });
    const through = "0b2f6400-c9ad-11f0-8000-010203040506";
    const failure = await failureOf(sessions.fork(user, "s", { sessionId: "u", through }));
    expect(failure).toMatchObject({ code: "NOT_FOUND", sessionId: "s", id: through });
    expect(failure.message).not.toContain(user);
    expect(idsOf(await listAll(sessions, user)).sort()).toEqual(["s", "t"]);
  });

  test("keeps the remaining expiry, of the messages and of the entry", async () => {
    const user = newUser();
    await sessions.open(user, "s", { ttlSeconds: 500 }).addMessages(turn(1));
    const copy = await sessions.fork(user, "s");
    const source = await sessions.get(user, "s");
    expect(Math.abs((copy.expiresAt?.getTime() ?? 0) - (source?.expiresAt?.getTime() ?? 0))).toBeLessThanOrEqual(2000);
    expect((await sessions.get(user, copy.sessionId))?.expiresAt).toBeInstanceOf(Date);
  });

  test("of a corrupt row: with a codec of one's own, the error names the session and not the user", async () => {
    const codec: MessageCodec = {
      encode: ({ text }) => text,
      decode: () => {
        throw new Error("no");
      },
    };
    const own = new CassandraChatSessions({ client, keyspace, codec });
    const user = newUser();
    await add(own, user, "s");
    const failure = await failureOf(own.fork(user, "s"));
    expect(failure).toMatchObject({ code: "CORRUPT_ROW", sessionId: "s" });
    expect(failure.message).not.toContain(user);
  });
});

describe("adopt", () => {
  test("copies a plain history, dated by its first and last message; the source stays", async () => {
    const user = newUser();
    const from = randomUUID();
    const first = await plain(from).append(numbered(2));
    await delay(5);
    const last = await plain(from).append(numbered(2, 2));
    await delay(5);
    const session = await sessions.adopt(user, from, { title: "T", metadata: { old: true } });
    expect(session).toEqual({
      userId: user,
      sessionId: from,
      createdAt: first[0]?.createdAt,
      lastActiveAt: last[1]?.createdAt,
      title: "T",
      pinned: false,
      archived: false,
      metadata: { old: true },
    });
    expect(await sessions.get(user, from)).toEqual(session);
    const ids = (await sessions.open(user, from).getPage({ limit: 9 })).entries.map(({ id }) => id);
    expect(ids).toEqual([...first, ...last].map(({ id }) => id));
    expect(await plain(from).count()).toBe(4);
    expect(await sessions.adopt(user, from, { sessionId: "other" })).toMatchObject({ sessionId: "other" });
    // Again: nothing twice.
    expect(await sessions.adopt(user, from)).toEqual(session);
    expect(await sessions.open(user, from).count()).toBe(4);
  });

  test("into a session that is there: the earlier creation and the later activity hold", async () => {
    const user = newUser();
    const from = randomUUID();
    const [oldest] = await plain(from).append(numbered(1));
    await delay(5);
    await add(sessions, user, "s");
    await sessions.update(user, "s", { title: "T", pinned: true, metadata: { a: 1 } });
    const before = await sessions.get(user, "s");
    const adopted = await sessions.adopt(user, from, { sessionId: "s", metadata: { b: 2 } });
    expect(adopted).toEqual({ ...before, createdAt: oldest?.createdAt, metadata: { a: 1, b: 2 } });
    await delay(5);
    const later = randomUUID();
    const [newest] = await plain(later).append(numbered(1));
    const again = await sessions.adopt(user, later, { sessionId: "s", title: "U" });
    expect(again).toEqual({ ...adopted, title: "U", lastActiveAt: newest?.createdAt });
    expect(await sessions.open(user, "s").count()).toBe(3);
    await delay(5);
    await add(sessions, user, "s");
    expect((await sessions.get(user, "s"))?.lastActiveAt.getTime()).toBeGreaterThan(again.lastActiveAt.getTime());
  });

  test("keeps the expiry: the entry expires with the last message, and lasts where one lasts", async () => {
    const user = newUser();
    const from = randomUUID();
    await plain(from, { ttlSeconds: 100 }).addMessages(numbered(1));
    await plain(from, { ttlSeconds: 500 }).addMessages(numbered(1));
    const expiring = await sessions.adopt(user, from);
    const left = (expiring.expiresAt?.getTime() ?? 0) - Date.now();
    expect(left).toBeGreaterThan(495_000);
    expect(left).toBeLessThan(505_000);
    await plain(from).addMessages(numbered(1));
    expect(await sessions.adopt(user, from)).not.toHaveProperty("expiresAt");
  });

  test("after a delete of this process makes the session anew, with all messages", async () => {
    const user = newUser();
    const from = randomUUID();
    await plain(from).addMessages(numbered(3));
    await sessions.adopt(user, from, { title: "T" });
    await sessions.delete(user, from);
    expect(await sessions.adopt(user, from)).not.toHaveProperty("title");
    expect(await sessions.open(user, from).count()).toBe(3);
    await sessions.open(user, from).clear();
    await sessions.adopt(user, from);
    expect(await sessions.open(user, from).count()).toBe(3);
  });

  test("without a message there is nothing to adopt", async () => {
    const user = newUser();
    expect(await failureOf(sessions.adopt(user, "none"))).toMatchObject({ code: "NOT_FOUND", sessionId: "none" });
    expect(await rawEntries(client, keyspace, user)).toEqual([]);
  });

  test("one page of rows after the other", async () => {
    const small = new CassandraChatSessions({ client, keyspace, pageSize: 1 });
    const [user, from] = [newUser(), randomUUID()];
    await plain(from).addMessages(numbered(5));
    await small.adopt(user, from);
    expect(texts(await small.open(user, from).getMessages())).toEqual(texts(numbered(5)));
  });
});
