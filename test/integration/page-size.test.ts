import { AIMessage, HumanMessage, ToolMessage } from "@langchain/core/messages";
import { beforeAll, expect, test } from "vitest";
import type { CassandraChatMessageHistory, ChatHistoryEntry } from "../../src/index.ts";
import { aiMessage, numbered } from "../support/messages.ts";
import { openClient, openHistory, ownKeyspace } from "../support/session.ts";
import { watchClient } from "../support/watch.ts";

const client = openClient({ queryOptions: { fetchSize: 3000 } });
const keyspace = ownKeyspace(client);
beforeAll(() => openHistory({ client, keyspace }).setup());

type Call = (history: CassandraChatMessageHistory, entries: readonly ChatHistoryEntry[]) => Promise<unknown>;

const idAt = (entries: readonly ChatHistoryEntry[], at: number): string => entries[at]?.id ?? "";

async function exhaust(iterable: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of iterable);
}

const calls: readonly (readonly [string, Call])[] = [
  ["getMessages", (history) => history.getMessages()],
  ["a window", (history) => history.getMessages({ maxMessages: 12 })],
  ["a window that reaches back", (history) => history.getMessages({ maxMessages: 5 })],
  ["entries", (history) => exhaust(history.entries())],
  ["entries, newest first", (history) => exhaust(history.entries({ order: "newest-first", limit: 20 }))],
  ["getPage", (history) => history.getPage({ limit: 7 })],
  ["getPage of as many as a page has", (history) => history.getPage({ limit: 2 })],
  ["getPage before", (history, entries) => history.getPage({ limit: 9, before: idAt(entries, 20) })],
  ["getPage after", (history, entries) => history.getPage({ limit: 9, after: idAt(entries, 20) })],
  ["count", (history) => history.count()],
  ["update", (history, entries) => history.update(idAt(entries, 3), new AIMessage("changed"))],
  ["fork", (history) => history.fork(`${history.sessionId} copy`)],
  ["fork through", (h, entries) => h.fork(`${h.sessionId} part`, { through: idAt(entries, 9) })],
  ["delete", (history, entries) => history.delete(entries.slice(0, 9).map(({ id }) => id))],
  ["deleteFrom", (history, entries) => history.deleteFrom(idAt(entries, 20))],
  ["clear", (history) => history.clear()],
];

test.each([1, 2, 7])(
  "no read asks for more than a page of %i, whatever the client's own page size",
  async (pageSize) => {
    const { watched, requests } = watchClient(client);
    const history = openHistory({ client: watched, keyspace, pageSize });
    const ids = Array.from({ length: 8 }, (_, at) => `${at}`);
    const entries = await history.append([
      ...numbered(20),
      aiMessage({ content: "", tool_calls: ids.map((id) => ({ id, name: "f", args: {} })) }),
      ...ids.map((id) => new ToolMessage({ content: id, tool_call_id: id })),
    ]);
    for (const [name, call] of calls) {
      requests.length = 0;
      await call(history, entries);
      const reads = requests.filter(({ queries }) => /^SELECT/.test(queries[0] ?? ""));
      expect(reads, name).not.toHaveLength(0);
      for (const { options } of reads) expect(options.fetchSize, name).toBeLessThanOrEqual(pageSize);
    }
    expect(await history.getMessages()).toEqual([]);
  },
);

test("the first use of a table, too", async () => {
  const { watched, requests } = watchClient(client);
  const history = openHistory({ client: watched, keyspace, table: "made", pageSize: 2 });
  await history.addMessages([new HumanMessage("hi")]);
  await openHistory({ client: watched, keyspace, table: "made", pageSize: 2, createTable: false }).getMessages();
  const reads = requests.filter(
    ({ queries }) => /^SELECT/.test(queries[0] ?? "") && !/FROM system/.test(queries[0] ?? ""),
  );
  expect(reads).not.toHaveLength(0);
  for (const { options } of reads) expect(options.fetchSize).toBeLessThanOrEqual(2);
});
