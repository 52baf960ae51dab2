import { AIMessage, type BaseMessage, HumanMessage, ToolMessage } from "@langchain/core/messages";
import { types } from "cassandra-driver";
import { beforeAll, describe, expect, test } from "vitest";
import { MIB, numbered, texts } from "../support/messages.ts";
import { writeRow } from "../support/rows.ts";
import { openClient, openHistory, ownKeyspace } from "../support/session.ts";
import { MINUTE, writeTime } from "../support/time.ts";
import { asksFor, pageSizesOf, statementsOf, watchClient } from "../support/watch.ts";

const client = openClient();
const keyspace = ownKeyspace(client);
/** Rows of a page where no page size is asked for: of the first page, and at most of a later one. */
const FIRST_PAGE = 1024;
const LARGEST_PAGE = 5000;

describe("12,345 messages", () => {
  const sessionId = "long";
  const expected = texts(numbered(12_345));
  beforeAll(() => openHistory({ client, keyspace, sessionId }).addMessages(numbered(12_345)));

  test.each([1000, 7, 12_345, 5])("come back complete with pages of %i", async (pageSize) => {
    expect(texts(await openHistory({ client, keyspace, sessionId, pageSize }).getMessages())).toEqual(expected);
  });

  test("come back complete with an empty page in the middle, as ScyllaDB and Keyspaces send", async () => {
    let pages = 0;
    const { watched } = watchClient(client, async (request, send) => {
      const result = await send();
      if (request.options.fetchSize !== 1000) return result;
      pages += 1;
      // The third page comes empty, with the page state before it: the next request then asks for its rows again.
      return pages === 3 ? Object.assign(result, { rows: [], pageState: request.options.pageState }) : result;
    });
    const history = openHistory({ client: watched, keyspace, sessionId, pageSize: 1000 });
    expect(texts(await history.getMessages())).toEqual(expected);
    expect(pages).toBe(14);
  });

  test("beyond an empty page are iterated, cleared and copied", async () => {
    let empty = 0;
    const { watched } = watchClient(client, async (request, send) => {
      const result = await send();
      const { fetchSize, pageState } = request.options;
      if (fetchSize !== 50 || pageState === undefined || empty > 0) return result;
      empty += 1;
      return Object.assign(result, { rows: [], pageState });
    });
    const history = openHistory({ client: watched, keyspace, pageSize: 50 });
    const expectAll = async (read: () => Promise<BaseMessage[]>): Promise<void> => {
      empty = 0;
      expect(texts(await read())).toEqual(texts(numbered(200)));
      expect(empty).toBe(1);
    };
    await history.addMessages(numbered(200));
    await expectAll(async () => {
      const entries: BaseMessage[] = [];
      for await (const { message } of history.entries()) entries.push(message);
      return entries;
    });
    await expectAll(async () => {
      const { sessionId } = await history.fork(`${history.sessionId} copy`);
      return openHistory({ client, keyspace, sessionId }).getMessages();
    });
    // A row of a clock ahead is deleted by itself: the look before the delete has to meet it.
    const id = types.TimeUuid.fromDate(new Date(0)).toString();
    const { sessionId } = history;
    await writeRow(client, { keyspace, sessionId, id, message: "{}", timestamp: writeTime(MINUTE) });
    empty = 0;
    await history.clear();
    expect([empty, await history.count()]).toEqual([1, 0]);
  });

  test("come in few pages where no page size is asked for", async () => {
    const { watched, requests } = watchClient(client);
    const history = openHistory({ client: watched, keyspace, sessionId });
    await history.setup();
    requests.length = 0;
    expect(texts(await history.getMessages())).toEqual(expected);
    expect(pageSizesOf(requests)).toEqual([FIRST_PAGE, LARGEST_PAGE, LARGEST_PAGE, LARGEST_PAGE]);
  });

  test("a window reads no more than it returns", async () => {
    const { watched, requests } = watchClient(client);
    const history = openHistory({ client: watched, keyspace, sessionId, maxMessages: 20 });
    await history.setup();
    requests.length = 0;
    expect(texts(await history.getMessages())).toEqual(expected.slice(-20));
    expect(pageSizesOf(requests)).toEqual([20]);
    expect(texts(await history.getMessages({ maxMessages: 3 }))).toEqual(expected.slice(-3));
    expect(texts(await history.getMessages({ maxMessages: 2500 }))).toEqual(expected.slice(-2500));
  });
});

test("a message is updated, deleted and copied past an empty page", async () => {
  let empty = 0;
  const { watched } = watchClient(client, async ({ queries, options }, send) => {
    if (!/"message_id" (=|IN|<=) \? ORDER BY/.test(queries[0] ?? "")) return send();
    if (options.pageState !== "00") {
      empty += 1;
      return Object.assign(await send(), { rows: [], pageState: "00" });
    }
    delete options.pageState;
    return send();
  });
  const history = openHistory({ client: watched, keyspace });
  const [{ id = "" } = {}] = await history.append(numbered(1));
  await history.update(id, new AIMessage("changed"));
  expect(texts(await (await history.fork(`${history.sessionId} copy`, { through: id })).getMessages())).toEqual([
    "changed",
  ]);
  await history.delete([id]);
  expect([await history.getMessages(), empty]).toEqual([[], 4]);
});

test("long messages come in pages of 4 MiB where no page size is asked for", async () => {
  const { watched, requests } = watchClient(client);
  const history = openHistory({ client: watched, keyspace });
  const LENGTH = 16_000;
  const messages = numbered(1500).map((message) => new HumanMessage(`${message.text} ${"x".repeat(LENGTH)}`));
  await history.addMessages(messages);
  requests.length = 0;
  expect(texts(await history.getMessages())).toEqual(texts(messages));
  const [first, ...more] = pageSizesOf(requests);
  expect(first).toBe(FIRST_PAGE);
  expect(more).toHaveLength(2);
  for (const size of more) {
    // A row's text is the message's and some dozens of characters around it.
    expect(size).toBeGreaterThan(250);
    expect(size).toBeLessThan(Math.floor((4 * MIB) / LENGTH));
  }
});

test("a window reads back to the call of the tool messages that fill it", async () => {
  const conversation: BaseMessage[] = [
    new HumanMessage("weather?"),
    new AIMessage({ content: "", tool_calls: ["a", "b", "c"].map((id) => ({ id, name: "weather", args: {} })) }),
    ...["a", "b", "c"].map((id) => new ToolMessage({ content: id, tool_call_id: id })),
  ];
  const history = openHistory({ client, keyspace });
  await history.addMessages(conversation);
  for (const [size, kept] of [
    [1, 4],
    [2, 4],
    [3, 4],
    [4, 4],
    [5, 5],
    [6, 5],
  ] as const) {
    const { sessionId } = history;
    for (const reader of [history, openHistory({ client, keyspace, sessionId, pageSize: 1 })]) {
      expect((await reader.getMessages({ maxMessages: size })).map((message) => message.type)).toEqual(
        conversation.slice(-kept).map((message) => message.type),
      );
    }
  }
});

test.each([
  [undefined, [1, 1024]],
  [256, [1, 256, 256, 256, 256]],
])(
  "a window that finds no call in 1,024 older messages ends there, without a read of more than a page: pages of %o",
  async (pageSize, fetchSizes) => {
    const { watched, requests } = watchClient(client);
    const history = openHistory({ client: watched, keyspace, pageSize });
    await history.addMessages([...numbered(2000), new ToolMessage({ content: "late", tool_call_id: "lost" })]);
    requests.length = 0;
    expect(await history.getMessages({ maxMessages: 1 })).toEqual([]);
    expect(pageSizesOf(requests)).toEqual(fetchSizes);
  },
);

test("an aborted read holds back no call after it", async () => {
  let answer = (): void => {};
  const { watched, requests } = watchClient(client, (request, send) =>
    asksFor(request, /^SELECT .* ORDER BY/)
      ? new Promise<void>((resolve) => {
          answer = resolve;
        }).then(send)
      : send(),
  );
  const history = openHistory({ client: watched, keyspace });
  await history.setup();
  const controller = new AbortController();
  const reads = Array.from({ length: 20 }, () => history.getMessages({ signal: controller.signal }));
  const added = history.addUserMessage("goes on");
  controller.abort(new Error("enough"));
  for (const read of await Promise.allSettled(reads)) expect(read).toMatchObject({ reason: { message: "enough" } });
  await added;
  expect(statementsOf(requests, /^INSERT/)).toHaveLength(1);
  answer();
});

test("an aborted signal ends a read with its reason", async () => {
  const history = openHistory({ client, keyspace });
  const reason = new Error("enough");
  await expect(history.getMessages({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  const controller = new AbortController();
  const read = history.getMessages({ signal: controller.signal });
  controller.abort(reason);
  await expect(read).rejects.toBe(reason);
});
