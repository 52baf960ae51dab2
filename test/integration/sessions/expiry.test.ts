import { setTimeout as delay } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { CassandraChatMessageHistory, CassandraChatSessions } from "../../../src/index.ts";
import { startClockAnew } from "../../support/clock.ts";
import { numbered } from "../../support/messages.ts";
import { openClient, ownKeyspace } from "../../support/session.ts";
import { add, listAll, newUser, rawEntries, rawKeys } from "../../support/user-sessions.ts";

const client = openClient();
const keyspace = ownKeyspace(client);
const sessions = new CassandraChatSessions({ client, keyspace });
/** What another process does, as far as what it knows of sessions goes. */
const otherProcess = (): CassandraChatSessions => new CassandraChatSessions({ client: openClient(), keyspace });

const full = { title: "T", pinned: true, archived: true, metadata: { a: 1, b: { c: 2 } } };

async function addExpiring(user: string, ttlSeconds: number, by: CassandraChatSessions = sessions): Promise<void> {
  await by.open(user, "s", { ttlSeconds }).addMessages(numbered(1));
}

/** Reads again and again, and checks what was read as long as there are messages after it: both may expire in one second. */
async function whileStored(history: CassandraChatMessageHistory, read: () => Promise<() => void>): Promise<void> {
  for (;;) {
    const check = await read();
    if ((await history.count()) === 0) return;
    check();
  }
}

async function untilGone(user: string): Promise<void> {
  await vi.waitUntil(async () => (await rawEntries(client, keyspace, user)).length === 0, {
    timeout: 20_000,
    interval: 100,
  });
}

/** Seconds that are left of an entry, as the server counts them, column by column. */
async function ttls(user: string): Promise<(number | null)[]> {
  const columns = ["last_active", "created_at", "title", "pinned", "archived"].map((name) => `TTL(${name}) AS ${name}`);
  const query = `SELECT ${columns.join()} FROM ${keyspace}.message_store_sessions WHERE user_id = ? AND session_id = 's'`;
  const { rows } = await client.execute(query, [user], { prepare: true });
  return Object.values(rows[0] ?? {});
}

test("an entry expires with its last message, and leaves nothing behind", async () => {
  const user = newUser();
  await addExpiring(user, 3);
  await sessions.update(user, "s", full);
  const session = await sessions.get(user, "s");
  const history = sessions.open(user, "s");
  const [message] = (await history.getPage({ limit: 1 })).entries;
  const late = (session?.expiresAt?.getTime() ?? 0) - (message?.expiresAt?.getTime() ?? 0);
  expect(late).toBeGreaterThanOrEqual(-1000);
  expect(late).toBeLessThanOrEqual(2000);
  await whileStored(history, async () => {
    const listed = await sessions.get(user, "s");
    return () => expect(listed).toMatchObject({ title: "T", metadata: full.metadata });
  });
  await untilGone(user);
  expect(Date.now() - (message?.expiresAt?.getTime() ?? 0)).toBeLessThan(5000);
  expect(await rawKeys(client, keyspace, user)).toEqual([]);
});

test("each add keeps the entry, with title, flags and metadata, as long as its message", async () => {
  const user = newUser();
  await addExpiring(user, 2);
  await sessions.update(user, "s", full);
  for (let at = 0; at < 3; at += 1) {
    await delay(1000);
    await addExpiring(user, 3, at % 2 === 0 ? sessions : otherProcess());
  }
  await delay(2000);
  expect(await sessions.get(user, "s")).toMatchObject(full);
  await untilGone(user);
});

test("an add of a shorter expiry leaves the entry its own", async () => {
  const user = newUser();
  await addExpiring(user, 1000);
  await sessions.update(user, "s", full);
  await addExpiring(user, 5);
  await addExpiring(user, 5, otherProcess());
  for (const ttl of await ttls(user)) {
    expect(ttl).toBeGreaterThan(990);
    expect(ttl).toBeLessThanOrEqual(1002);
  }
});

test("one add that lasts makes all of the entry last, and one that expires changes nothing in that", async () => {
  for (const by of [sessions, otherProcess()]) {
    const user = newUser();
    await addExpiring(user, 2);
    await sessions.update(user, "s", full);
    await by.open(user, "s").addMessages(numbered(1));
    expect(await ttls(user)).toEqual([null, null, null, null, null]);
    await addExpiring(user, 2);
    await addExpiring(user, 2, otherProcess());
    await sessions.update(user, "s", { metadata: { c: 3 } });
    expect(await ttls(user)).toEqual([null, null, null, null, null]);
    await delay(3500);
    expect(await sessions.get(user, "s")).toMatchObject({ ...full, metadata: { ...full.metadata, c: 3 } });
    expect(await sessions.get(user, "s")).not.toHaveProperty("expiresAt");
  }
});

test("one batch of messages of which some last makes the entry last", async () => {
  const user = newUser();
  const history = sessions.open(user, "s");
  await Promise.all([history.append(numbered(1), { ttlSeconds: 100 }), history.append(numbered(1))]);
  expect((await ttls(user)).slice(0, 2)).toEqual([null, null]);
});

test("an update keeps the expiry of the entry", async () => {
  const user = newUser();
  await addExpiring(user, 1000);
  const before = await sessions.get(user, "s");
  await delay(1100);
  const updated = await sessions.update(user, "s", full);
  expect(updated.expiresAt).toEqual(before?.expiresAt);
  const left = await ttls(user);
  expect(Math.max(...left.map(Number)) - Math.min(...left.map(Number))).toBeLessThanOrEqual(1);
});

test("a session that was created expires as if a message had been added", async () => {
  const user = newUser();
  const expiring = new CassandraChatSessions({ client, keyspace, ttlSeconds: 2 });
  const made = await expiring.create(user, { sessionId: "s", title: "T", metadata: { a: 1 } });
  const late = (made.expiresAt?.getTime() ?? 0) - Date.now();
  expect(late).toBeGreaterThan(1000);
  expect(late).toBeLessThan(4000);
  await untilGone(user);
});

test("a lagging clock shortens no expiry: the entry of a clock ahead lives as long as the message", async () => {
  const user = newUser();
  await addExpiring(user, 2);
  await sessions.update(user, "s", full);
  startClockAnew(-3_600_000);
  await addExpiring(user, 1000, otherProcess());
  for (const ttl of await ttls(user)) expect(ttl).toBeGreaterThan(990);
  await otherProcess().open(user, "s").addUserMessage("lasts");
  expect(await ttls(user)).toEqual([null, null, null, null, null]);
  expect(await sessions.get(user, "s")).toMatchObject(full);
});

test("adds and updates of one process at the same moment leave every value the longest expiry", async () => {
  for (let round = 0; round < 20; round += 1) {
    const user = newUser();
    await addExpiring(user, 50);
    await Promise.all([
      sessions.update(user, "s", { title: "T", pinned: true }),
      addExpiring(user, 1000),
      sessions.update(user, "s", { archived: true, metadata: { a: 1 } }),
      addExpiring(user, 100),
    ]);
    for (const ttl of await ttls(user)) expect(ttl).toBeGreaterThan(990);
    expect(await sessions.get(user, "s")).toMatchObject({
      title: "T",
      pinned: true,
      archived: true,
      metadata: { a: 1 },
    });
  }
});

test("where storing the messages takes long, the entry is still there as long as they are", async () => {
  const user = newUser();
  const slow = openClient();
  const batch = slow.execute.bind(slow);
  // The messages are sent two seconds after the entry.
  vi.spyOn(slow, "execute").mockImplementation(async (...args: unknown[]) => {
    if (String(args[0]).startsWith("INSERT")) await delay(2000);
    return Reflect.apply(batch, slow, args);
  });
  const history = new CassandraChatSessions({ client: slow, keyspace }).open(user, "s", { ttlSeconds: 3 });
  await history.addUserMessage("slow");
  const plain = new CassandraChatMessageHistory({ client, keyspace, sessionId: history.sessionId });
  await whileStored(plain, async () => {
    const listed = await listAll(sessions, user);
    return () => expect(listed).toHaveLength(1);
  });
  await untilGone(user);
});

test("a session that expired is made anew by the next add", async () => {
  const user = newUser();
  await addExpiring(user, 1);
  await sessions.update(user, "s", full);
  await untilGone(user);
  await add(sessions, user, "s");
  const session = await sessions.get(user, "s");
  expect(session).toMatchObject({ pinned: false, archived: false, metadata: {} });
  expect(session).not.toHaveProperty("title");
  expect(session).not.toHaveProperty("expiresAt");
  expect(session?.createdAt).toEqual(session?.lastActiveAt);
});
