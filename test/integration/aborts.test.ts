import { getEventListeners } from "node:events";
import { HumanMessage } from "@langchain/core/messages";
import { Client, errors, policies, types } from "cassandra-driver";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { createTableStatement } from "../../src/index.ts";
import { numbered, texts } from "../support/messages.ts";
import { READS, WRITES } from "../support/methods.ts";
import { TcpProxy } from "../support/proxy.ts";
import { openClient, openHistory, ownKeyspace } from "../support/session.ts";
import { type SeenRequest, watchClient } from "../support/watch.ts";

const client = openClient();
/** So small a pool that the library has one request in flight at a time. */
const narrow = openClient({ pooling: { maxRequestsPerConnection: 4 } });
const keyspace = ownKeyspace(client);
beforeAll(() => client.execute(createTableStatement({ keyspace })));

const REASON = new Error("enough");
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const METHODS = Object.entries({ ...READS, ...WRITES });
const onTable = (requests: readonly SeenRequest[]): string[] =>
  requests.flatMap(({ queries }) => queries).filter((query) => /^(INSERT|DELETE)| AS (id|writetime)/.test(query));

/** A client that holds the requests that match back until `release`. */
function holdBack(
  real: Client,
  matches: (request: SeenRequest) => boolean,
): { readonly watched: Client; readonly requests: SeenRequest[]; readonly held: Promise<void>; release: () => void } {
  let release = (): void => {};
  let notice = (): void => {};
  const held = new Promise<void>((resolve) => {
    notice = resolve;
  });
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const { watched, requests } = watchClient(real, async (request, send) => {
    if (matches(request)) {
      notice();
      await released;
    }
    return send();
  });
  return { watched, requests, held, release: () => release() };
}

describe.each(METHODS)("%s, given up", (_, call) => {
  test("before it is made: rejects with the reason, sends nothing", async () => {
    const { watched, requests } = watchClient(client);
    const history = openHistory({ client: watched, keyspace });
    await expect(call(history, AbortSignal.abort(REASON))).rejects.toBe(REASON);
    await settled();
    expect(onTable(requests)).toEqual([]);
  });

  test("while the table is set up", async () => {
    const { watched, requests, held, release } = holdBack(client, ({ queries }) =>
      /FROM system/.test(queries[0] ?? ""),
    );
    const history = openHistory({ client: watched, keyspace });
    const stop = new AbortController();
    const outcome = expect(call(history, stop.signal)).rejects.toBe(REASON);
    await held;
    stop.abort(REASON);
    await outcome;
    release();
    await history.setup();
    await settled();
    expect(onTable(requests)).toEqual([]);
    expect(getEventListeners(stop.signal, "abort")).toEqual([]);
  });

  test("while another request is in flight, and no more may be", async () => {
    let hold = false;
    const { watched, requests, held, release } = holdBack(narrow, () => hold);
    const history = openHistory({ client: watched, keyspace });
    await history.setup();
    hold = true;
    const first = openHistory({ client: watched, keyspace }).count();
    await held;
    hold = false;
    requests.length = 0;
    const stop = new AbortController();
    const outcome = expect(call(history, stop.signal)).rejects.toBe(REASON);
    await settled();
    stop.abort(REASON);
    await outcome;
    release();
    await first;
    await openHistory({ client: watched, keyspace }).count();
    expect(onTable(requests)).toHaveLength(1);
    expect(getEventListeners(stop.signal, "abort")).toEqual([]);
  });

  test("while an edit of the same history goes on", async () => {
    const { watched, requests, held, release } = holdBack(client, ({ queries }) => /^DELETE/.test(queries[0] ?? ""));
    const history = openHistory({ client: watched, keyspace });
    const edit = history.clear();
    await held;
    requests.length = 0;
    const stop = new AbortController();
    const outcome = expect(call(history, stop.signal)).rejects.toBe(REASON);
    await settled();
    stop.abort(REASON);
    await outcome;
    release();
    await edit;
    await settled();
    expect(onTable(requests)).toEqual([]);
    expect(await history.count()).toBe(0);
    expect(getEventListeners(stop.signal, "abort")).toEqual([]);
  });

  test("at once", async () => {
    const { watched, requests } = watchClient(client);
    const history = openHistory({ client: watched, keyspace });
    await history.setup();
    requests.length = 0;
    const stop = new AbortController();
    const outcome = expect(call(history, stop.signal)).rejects.toBe(REASON);
    stop.abort(REASON);
    await outcome;
    await settled();
    // An edit or a read of a history that does nothing else has been sent by then; an add waits for others of its turn.
    const sent = onTable(requests);
    expect(sent.filter((query) => query.startsWith("INSERT"))).toEqual([]);
    expect(sent.length).toBeLessThanOrEqual(2);
  });
});

// A caller may pass on what another call of its own failed with.
test.each([
  ["a TypeError", new TypeError("of the caller's own")],
  ["a missing table", new errors.ResponseError(types.responseErrorCodes.invalid, "table t does not exist")],
  ["a busy pool", new errors.BusyConnectionError("10.0.0.1:9042", 1, 1)],
])("given up with a reason that looks like %s: nobody looks at the table again", async (_, reason) => {
  let hold = false;
  const { watched, requests, held, release } = holdBack(narrow, () => hold);
  const history = openHistory({ client: watched, keyspace });
  await history.setup();
  hold = true;
  const first = openHistory({ client: watched, keyspace }).count();
  await held;
  hold = false;
  const stop = new AbortController();
  const calls = METHODS.map(([, call]) => call(openHistory({ client: watched, keyspace }), stop.signal));
  const outcomes = Promise.allSettled(calls);
  await settled();
  requests.length = 0;
  stop.abort(reason);
  for (const outcome of await outcomes) expect(outcome).toEqual({ status: "rejected", reason });
  release();
  await first;
  await openHistory({ client: watched, keyspace }).count();
  expect(requests.map(({ queries }) => queries[0])).toEqual([expect.stringMatching(/^SELECT [^/]*$/)]);
});

/** Aborts when the request with this number has been sent. */
function abortAfter(
  count: number,
  pattern: RegExp,
): { readonly watched: Client; stop: AbortController; sent: string[] } {
  const stop = new AbortController();
  const sent: string[] = [];
  const { watched } = watchClient(client, async ({ queries: [query = ""] }, send) => {
    if (pattern.test(query)) sent.push(query);
    const answer = await send();
    if (pattern.test(query) && sent.length === count) stop.abort(REASON);
    return answer;
  });
  return { watched, stop, sent };
}

describe("given up between the requests of one call", () => {
  test("a large append stops, and what was sent is stored", async () => {
    const { watched, stop, sent } = abortAfter(2, /^INSERT/);
    const history = openHistory({ client: watched, keyspace });
    const messages = Array.from({ length: 5 }, (_, at) => new HumanMessage(`${at}${"x".repeat(900 * 1024)}`));
    await expect(history.append(messages, { signal: stop.signal })).rejects.toBe(REASON);
    await settled();
    expect(sent).toHaveLength(2);
    expect(await history.count()).toBe(2);
  });

  test.each([
    ["getMessages", 3, (history, signal) => history.getMessages({ signal })],
    ["count", 2, (history, signal) => history.count({ signal })],
    ["getPage", 2, (history, signal) => history.getPage({ limit: 20, signal })],
    ["clear", 2, (history, signal) => history.clear({ signal })],
    ["fork", 2, (history, signal) => history.fork(crypto.randomUUID(), { signal })],
  ] as [string, number, (typeof METHODS)[number][1]][])("%s stops between pages", async (_, most, call) => {
    const { watched, stop, sent } = abortAfter(2, /^SELECT .* AS (id|writetime)/);
    const history = openHistory({ client: watched, keyspace, pageSize: 1 });
    await history.addMessages(numbered(20));
    await expect(call(history, stop.signal)).rejects.toBe(REASON);
    await settled();
    // The page after the one that is read is on its way already.
    expect(sent.length).toBeLessThanOrEqual(most);
    expect(await history.count()).toBe(20);
  });

  test("entries stop between pages, and between entries of a page", async () => {
    const { watched, stop, sent } = abortAfter(2, /^SELECT .* AS (id|writetime)/);
    const history = openHistory({ client: watched, keyspace, pageSize: 2 });
    await history.addMessages(numbered(20));
    const seen: string[] = [];
    const read = async (): Promise<void> => {
      for await (const { message } of history.entries({ signal: stop.signal })) seen.push(message.text);
    };
    await expect(read()).rejects.toBe(REASON);
    expect([seen.length, sent.length]).toEqual([2, 2]);
  });

  test("delete stops between its steps", async () => {
    const { watched, stop, sent } = abortAfter(1, /^DELETE/);
    const history = openHistory({ client: watched, keyspace });
    const entries = await history.append(numbered(350));
    const ids = entries.map(({ id }) => id);
    await expect(history.delete(ids, { signal: stop.signal })).rejects.toBe(REASON);
    await settled();
    expect(sent).toHaveLength(1);
    expect(await history.count()).toBe(250);
  });

  test("deleteFrom and update stop between their read and their write", async () => {
    for (const call of [
      (history: ReturnType<typeof openHistory>, id: string, signal: AbortSignal) => history.deleteFrom(id, { signal }),
      (history: ReturnType<typeof openHistory>, id: string, signal: AbortSignal) => history.delete([id], { signal }),
      (history: ReturnType<typeof openHistory>, id: string, signal: AbortSignal) =>
        history.update(id, new HumanMessage("given up"), { signal }),
    ]) {
      const { watched, stop } = abortAfter(1, /^SELECT .* AS (id|writetime)/);
      const history = openHistory({ client: watched, keyspace });
      const [entry] = await history.append(numbered(1));
      await expect(call(history, entry?.id ?? "", stop.signal)).rejects.toBe(REASON);
      await settled();
      expect(texts(await history.getMessages())).toEqual(texts(numbered(1)));
    }
  });
});

test("one of several adds that travel together is given up: the others are whole", async () => {
  const { watched, held, release } = holdBack(narrow, ({ queries }) =>
    /^SELECT .* AS (id|writetime)/.test(queries[0] ?? ""),
  );
  const history = openHistory({ client: watched, keyspace });
  await history.setup();
  const blocker = openHistory({ client: watched, keyspace }).count();
  await held;
  const stop = new AbortController();
  const calls = [
    history.append(numbered(2)),
    history.append([new HumanMessage("given up")], { signal: stop.signal }),
    history.append([new HumanMessage("stays")], { signal: new AbortController().signal }),
  ];
  const outcomes = Promise.allSettled(calls);
  await settled();
  stop.abort(REASON);
  release();
  await blocker;
  expect((await outcomes).map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(texts(await history.getMessages())).toEqual([...texts(numbered(2)), "stays"]);
});

describe("a node that does not answer for a while", () => {
  let proxy: TcpProxy;
  let through: Client;
  beforeAll(async () => {
    proxy = await TcpProxy.before(inject("contactPoints")[0] ?? "");
    // The driver would go to the address that the node tells of itself.
    const addressResolution = Object.assign(policies.defaultAddressTranslator(), {
      translate: (_address: string, _port: number, done: (address: string) => void) => done(proxy.address),
    });
    through = new Client({
      contactPoints: [proxy.address],
      localDataCenter: inject("localDataCenter"),
      policies: { addressResolution },
    });
    await through.connect();
  });
  afterAll(async () => {
    await through?.shutdown();
    await proxy?.close();
  });

  test.each(["in as many sessions", "in one session"])(
    "8,000 calls that were given up, %s, cost the next call nothing",
    async (where) => {
      const ids = where === "in one session" ? ["one", "two"] : Array.from({ length: 8000 }, () => crypto.randomUUID());
      const { watched, requests } = watchClient(through);
      const open = (sessionId?: string) => openHistory({ client: watched, keyspace, ...(sessionId && { sessionId }) });
      await open().setup();
      requests.length = 0;
      proxy.stall();
      const stop = new AbortController();
      const { signal } = stop;
      const calls = Array.from({ length: 8000 }, (_, at) => {
        const history = open(ids[at % ids.length]);
        return at % 2 === 0
          ? history.append([new HumanMessage("given up")], { signal })
          : history.getMessages({ signal });
      });
      const outcomes = Promise.allSettled(calls);
      await settled();
      const handedOver = requests.length;
      stop.abort(REASON);
      for (const outcome of await outcomes) expect(outcome).toEqual({ status: "rejected", reason: REASON });
      expect(getEventListeners(signal, "abort")).toEqual([]);
      const next = open().addUserMessage("hi");
      await settled();
      const resumed = performance.now();
      proxy.resume();
      await next;
      // The counts below hold what it costs; this holds that nothing hangs.
      expect(performance.now() - resumed).toBeLessThan(10_000);
      expect(handedOver).toBeLessThanOrEqual(512);
      expect(requests.length).toBeLessThanOrEqual(handedOver + 1);
    },
  );
});
