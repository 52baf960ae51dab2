/** Rows whose message is null: another service's column keeps them alive after the message has expired or was cleared. */
import { AIMessage, HumanMessage } from "@langchain/core/messages";
import { types } from "cassandra-driver";
import { beforeAll, describe, expect, test, vi } from "vitest";
import type { CassandraChatMessageHistory, CassandraChatMessageHistoryOptions } from "../../src/index.ts";
import { numbered, texts } from "../support/messages.ts";
import { openClient, openHistory, ownKeyspace } from "../support/session.ts";
import { watchClient } from "../support/watch.ts";

const client = openClient();
const keyspace = ownKeyspace(client);
const table = "rated";

beforeAll(async () => {
  await client.execute(
    `CREATE TABLE ${keyspace}.${table} (session_id text, message_id timeuuid, message text, feedback text, title text static, PRIMARY KEY (session_id, message_id)) WITH CLUSTERING ORDER BY (message_id DESC)`,
  );
});

type Options = Partial<CassandraChatMessageHistoryOptions>;

function open(options: Options = {}): CassandraChatMessageHistory {
  return openHistory({ client, keyspace, table, ...options });
}

async function rate(history: CassandraChatMessageHistory, id: string): Promise<void> {
  const update = `UPDATE ${keyspace}.${table} SET feedback = 'good' WHERE session_id = ? AND message_id = ?`;
  await client.execute(update, [history.sessionId, id], { prepare: true });
}

/** Puts so many rows without a message at this time. */
async function addNullRows(history: CassandraChatMessageHistory, count: number, time = Date.now()): Promise<string[]> {
  const ids = Array.from({ length: count }, (_, at) => types.TimeUuid.fromDate(new Date(time), at).toString());
  await Promise.all(ids.map((id) => rate(history, id)));
  return ids;
}

async function entriesOf(history: CassandraChatMessageHistory, options = {}): Promise<string[]> {
  const found: string[] = [];
  for await (const { message } of history.entries(options)) found.push(message.text);
  return found;
}

/** Messages 0 to 5, with rows without a message before, between and after them: more of each than a page has. */
async function fill(history: CassandraChatMessageHistory): Promise<{ ids: string[]; nulls: string[] }> {
  const [before, between, after] = [await addNullRows(history, 9, Date.now() - 60_000), [] as string[], [] as string[]];
  const first = await history.append(numbered(3));
  between.push(...(await addNullRows(history, 9, Date.now() + 2)));
  await vi.waitUntil(() => Date.now() > timeOf(between[0] ?? "") + 2, { interval: 1 });
  const last = await history.append(numbered(3, 3));
  after.push(...(await addNullRows(history, 9, Date.now() + 60_000)));
  return { ids: [...first, ...last].map(({ id }) => id), nulls: [...before, ...between, ...after] };
}

const timeOf = (id: string): number => types.TimeUuid.fromString(id).getDate().getTime();
const all = texts(numbered(6));

test("a message that expired, in a row that another column keeps, is not there", async () => {
  const history = open();
  const [entry] = await history.append([new HumanMessage("short")], { ttlSeconds: 1 });
  const id = entry?.id ?? "";
  await rate(history, id);
  await vi.waitUntil(async () => (await history.count()) === 0, { timeout: 10_000, interval: 50 });
  expect(await history.getMessages()).toEqual([]);
  await expect(history.update(id, new AIMessage("x"))).rejects.toMatchObject({ code: "NOT_FOUND", id });
  await expect(history.fork("nowhere", { through: id })).rejects.toMatchObject({ code: "NOT_FOUND", id });
  expect(await history.getPage({ limit: 1 })).toEqual({ entries: [] });
  expect(await history.getPage({ limit: 1, before: id })).toEqual({ entries: [] });
  expect(await history.getPage({ limit: 1, after: id })).toEqual({ entries: [] });
});

describe.each<Options>([{ pageSize: 1 }, { pageSize: 2 }, { pageSize: 7 }, {}])(
  "rows without a message at both ends and in between, %o",
  (options) => {
    test("are not read, counted, listed or paged to, and onCorruptRow does not see them", async () => {
      const seen = vi.fn();
      const history = open({ ...options, onCorruptRow: seen });
      const { ids, nulls } = await fill(history);
      expect(texts(await history.getMessages())).toEqual(all);
      for (const maxMessages of [1, 2, 3, 4, 6, 20]) {
        expect(texts(await history.getMessages({ maxMessages }))).toEqual(all.slice(-maxMessages));
      }
      expect(await history.count()).toBe(6);
      expect(await entriesOf(history)).toEqual(all);
      expect(await entriesOf(history, { order: "newest-first" })).toEqual(all.toReversed());
      for (const limit of [1, 4]) {
        expect(await entriesOf(history, { limit })).toEqual(all.slice(0, limit));
        expect(await entriesOf(history, { limit, order: "newest-first" })).toEqual(all.toReversed().slice(0, limit));
      }
      expect(await entriesOf(history, { after: nulls[0], before: nulls[12] })).toEqual(all.slice(0, 3));
      expect(await entriesOf(history, { after: nulls[12] })).toEqual(all.slice(3));
      await expect(history.update(nulls[12] ?? "", new AIMessage("x"))).rejects.toMatchObject({ code: "NOT_FOUND" });
      expect(seen).not.toHaveBeenCalled();
      expect(await history.count()).toBe(ids.length);
    });

    test("uses up no page, and none leads to a page of nothing else", async () => {
      const history = open(options);
      const { ids, nulls } = await fill(history);
      const newest = await history.getPage({ limit: 4 });
      expect([newest.entries.map(({ id }) => id), newest.older, newest.newer]).toEqual([
        ids.slice(2),
        ids[2],
        undefined,
      ]);
      const oldest = await history.getPage({ limit: 4, before: ids[2] ?? "" });
      expect([oldest.entries.map(({ id }) => id), oldest.older, oldest.newer]).toEqual([
        ids.slice(0, 2),
        undefined,
        ids[1],
      ]);
      const from = await history.getPage({ limit: 3, after: nulls[12] ?? "" });
      expect([from.entries.map(({ id }) => id), from.older, from.newer]).toEqual([ids.slice(3), ids[3], undefined]);
      expect(await history.getPage({ limit: 3, after: ids[5] ?? "" })).toEqual({ entries: [] });
      const exact = await history.getPage({ limit: 6 });
      expect([exact.older, exact.newer]).toEqual([undefined, undefined]);
    });

    test("are not copied; deletes take messages only, and bring nothing back", async () => {
      const history = open(options);
      const { ids, nulls } = await fill(history);
      const copy = await history.fork(`${history.sessionId} copy`);
      expect([texts(await copy.getMessages()), await copy.count()]).toEqual([all, 6]);
      const fork = history.fork(`${history.sessionId} other`, { through: nulls[12] ?? "" });
      await expect(fork).rejects.toMatchObject({ code: "NOT_FOUND" });
      await history.delete([nulls[12] ?? "", ids[5] ?? ""]);
      expect(texts(await history.getMessages())).toEqual(all.slice(0, 5));
      await history.deleteFrom(nulls[13] ?? "");
      expect(texts(await history.getMessages())).toEqual(all.slice(0, 3));
      await history.clear();
      expect([await history.getMessages(), await history.count()]).toEqual([[], 0]);
      await history.addUserMessage("goes on");
      expect(texts(await history.getMessages())).toEqual(["goes on"]);
    });
  },
);

test("a session of nothing but such rows is empty; counting reads no text", async () => {
  const { watched, requests } = watchClient(client);
  const history = open({ client: watched, pageSize: 2 });
  await addNullRows(history, 5);
  await client.execute(`UPDATE ${keyspace}.${table} SET title = 'x' WHERE session_id = ?`, [history.sessionId], {
    prepare: true,
  });
  requests.length = 0;
  expect(await history.count()).toBe(0);
  expect(requests.map(({ queries }) => queries[0]).join()).not.toMatch(/"message"(?! ?\))/);
  expect(await history.getMessages()).toEqual([]);
  expect(await history.getMessages({ maxMessages: 1 })).toEqual([]);
  expect(await entriesOf(history)).toEqual([]);
  expect(await history.getPage({ limit: 2 })).toEqual({ entries: [] });
  await history.clear();
  expect(await (await history.fork(`${history.sessionId} copy`)).count()).toBe(0);
});

test("a session with static columns alone has no message", async () => {
  const history = open();
  await client.execute(`UPDATE ${keyspace}.${table} SET title = 'x' WHERE session_id = ?`, [history.sessionId], {
    prepare: true,
  });
  expect([await history.getMessages(), await history.count()]).toEqual([[], 0]);
});

test("what is added is not put after them: their ids say nothing of when a message was written", async () => {
  const history = open();
  await addNullRows(history, 1, Date.now() + 60_000);
  expect(await history.getMessages()).toEqual([]);
  const [entry] = await history.append(numbered(1));
  expect(entry?.createdAt.getTime()).toBeLessThan(Date.now() + 10_000);
});
