/** An edit keeps a message's expiry. The server's own time and TTL() tell the second in which a message expires exactly. */
import { setTimeout } from "node:timers/promises";
import { AIMessage, HumanMessage } from "@langchain/core/messages";
import { type Client, errors, type types } from "cassandra-driver";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { CassandraChatMessageHistory } from "../../src/index.ts";
import { failureOf } from "../support/failure.ts";
import { numbered, texts } from "../support/messages.ts";
import { openClient, openHistory, ownKeyspace } from "../support/session.ts";
import { type SeenRequest, watchClient } from "../support/watch.ts";

const client = openClient();
const keyspace = ownKeyspace(client);
beforeAll(() => openHistory({ client, keyspace }).setup());

const ROWS = Symbol.for("langchain-cassandra-history.rows.v1");
const isRead = ({ queries }: SeenRequest): boolean => /^SELECT .* ORDER BY/.test(queries[0] ?? "");
const isInsert = ({ queries }: SeenRequest): boolean => /^INSERT/.test(queries[0] ?? "");

/** The second in which a message expires, of the server's clock; undefined where it does not expire, or is not there. */
async function expiryOf(sessionId: string, id: string): Promise<number | undefined> {
  const query = `SELECT TTL(message) AS ttl, now() AS now FROM ${keyspace}.message_store WHERE session_id = ? AND message_id = ?`;
  const [first, second] = [
    await client.execute(query, [sessionId, id], { prepare: true }),
    await client.execute(query, [sessionId, id], { prepare: true }),
  ];
  const secondsOf = ({ rows: [row] }: types.ResultSet): number | undefined =>
    typeof row?.["ttl"] === "number" ? Math.floor(row["now"].getDate().getTime() / 1000) + row["ttl"] : undefined;
  // The server looks at its clock twice in one read: in one of thousands a second begins in between.
  const [one, two] = [secondsOf(first), secondsOf(second)];
  return one === undefined || two === undefined ? undefined : Math.min(one, two);
}

async function addExpiring(ttlSeconds: number): Promise<{ sessionId: string; id: string; expiry: number }> {
  const history = openHistory({ client, keyspace });
  const [entry] = await history.append(numbered(1), { ttlSeconds });
  const place = { sessionId: history.sessionId, id: entry?.id ?? "" };
  return { ...place, expiry: (await expiryOf(place.sessionId, place.id)) ?? Number.NaN };
}

/** A client whose requests of this kind are so many milliseconds late, before they are sent or after they are answered. */
function lateClient(matches: (request: SeenRequest) => boolean, before: () => number, after = (): number => 0): Client {
  return watchClient(client, async (request, send) => {
    const isLate = matches(request);
    if (isLate && before() > 0) await setTimeout(before());
    const result = await send();
    if (isLate && after() > 0) await setTimeout(after());
    return result;
  }).watched;
}

const open = (of: Client, sessionId: string): CassandraChatMessageHistory =>
  new CassandraChatMessageHistory({ client: of, keyspace, sessionId });

/** How many seconds later the message expires than it was to. */
async function lateness(place: { sessionId: string; id: string; expiry: number }): Promise<number> {
  return ((await expiryOf(place.sessionId, place.id)) ?? Number.NaN) - place.expiry;
}

describe.concurrent("an update keeps the expiry", () => {
  test.each<[string, Client]>([
    ["reads are sent late", lateClient(isRead, () => 33)],
    [
      "reads are answered late",
      lateClient(
        isRead,
        () => 0,
        () => 33,
      ),
    ],
    ["writes are sent late", lateClient(isInsert, () => 33)],
    [
      "writes are answered late",
      lateClient(
        isInsert,
        () => 0,
        () => 33,
      ),
    ],
    [
      "all is late",
      lateClient(
        () => true,
        () => 20,
        () => 20,
      ),
    ],
  ])("after 100 updates by five histories in turn, where %s", async (_, late) => {
    const place = await addExpiring(1000);
    const histories = Array.from({ length: 5 }, () => open(late, place.sessionId));
    for (let at = 0; at < 100; at += 1) await histories[at % 5]?.update(place.id, new HumanMessage(`${at}`));
    expect(Math.abs(await lateness(place))).toBeLessThanOrEqual(1);
    expect(texts(await open(client, place.sessionId).getMessages())).toEqual(["99"]);
  });

  test.each<[string, Client]>([
    ["reads are sent", lateClient(isRead, () => 1700)],
    [
      "reads are answered",
      lateClient(
        isRead,
        () => 0,
        () => 1700,
      ),
    ],
    ["writes are sent", lateClient(isInsert, () => 1700)],
    [
      "writes are answered",
      lateClient(
        isInsert,
        () => 0,
        () => 1700,
      ),
    ],
  ])("where %s 1.7 seconds late, each time", async (_, late) => {
    const place = await addExpiring(1000);
    await open(late, place.sessionId).update(place.id, new AIMessage("1"));
    const once = await lateness(place);
    expect(once).toBeGreaterThanOrEqual(-2);
    expect(once).toBeLessThanOrEqual(1);
    await open(late, place.sessionId).update(place.id, new AIMessage("2"));
    const twice = await lateness(place);
    expect(twice).toBeGreaterThanOrEqual(-2);
    expect(twice).toBeLessThanOrEqual(1);
    expect(texts(await open(client, place.sessionId).getMessages())).toEqual(["2"]);
  });

  test("where one write is four seconds late", async () => {
    const place = await addExpiring(1000);
    let delays = [4000];
    const late = lateClient(
      isInsert,
      () => delays[0] ?? 0,
      () => {
        delays = [];
        return 0;
      },
    );
    await open(late, place.sessionId).update(place.id, new AIMessage("late"));
    expect(Math.abs(await lateness(place))).toBeLessThanOrEqual(1);
  });

  test("where a write timed out and took effect three seconds later: the next update puts it right", async () => {
    const place = await addExpiring(1000);
    const sent: Promise<unknown>[] = [];
    const { watched } = watchClient(client, (request, send) => {
      if (!isInsert(request)) return send();
      sent.push(setTimeout(3000).then(send));
      return Promise.reject(new errors.OperationTimedOutError("late"));
    });
    const failure = await failureOf(open(watched, place.sessionId).update(place.id, new AIMessage("first")));
    expect(failure.code).toBe("WRITE_FAILED");
    await Promise.all(sent);
    await open(client, place.sessionId).update(place.id, new AIMessage("second"));
    expect(Math.abs(await lateness(place))).toBeLessThanOrEqual(1);
  });

  test("and one that somebody gives the message meanwhile", async () => {
    const place = await addExpiring(1000);
    const history = open(client, place.sessionId);
    await history.update(place.id, new AIMessage("1"));
    await history.append(numbered(1), { ids: [place.id], ttlSeconds: 50 });
    await history.update(place.id, new AIMessage("2"));
    expect(Math.abs((await lateness(place)) + 950)).toBeLessThanOrEqual(1);
    await history.append(numbered(1), { ids: [place.id] });
    await history.update(place.id, new AIMessage("3"));
    expect(await expiryOf(place.sessionId, place.id)).toBeUndefined();
    expect(await history.count()).toBe(1);
  });

  test("of the longest there is", async () => {
    // A server on default settings takes none beyond 2038.
    const left = Math.floor((Date.UTC(2038, 0, 19) - Date.now()) / 1000);
    const place = await addExpiring(left);
    await open(client, place.sessionId).update(place.id, new AIMessage("1"));
    expect(Math.abs(await lateness(place))).toBeLessThanOrEqual(1);
  });

  test("in the last seconds: the message goes when it was to go, and an update that comes too late is NOT_FOUND", async () => {
    const place = await addExpiring(3);
    const late = lateClient(
      isRead,
      () => 0,
      () => 60,
    );
    const outcomes: string[] = [];
    const began = performance.now();
    for (let at = 0; performance.now() - began < 5000 && outcomes.at(-1) !== "NOT_FOUND"; at += 1) {
      const update = open(late, place.sessionId).update(place.id, new AIMessage(`${at}`));
      outcomes.push(
        await update.then(
          () => "updated",
          ({ code }) => code,
        ),
      );
    }
    expect(outcomes.at(-1)).toBe("NOT_FOUND");
    expect(outcomes.filter((outcome) => outcome === "updated").length).toBeGreaterThan(10);
    const lasted = performance.now() - began;
    expect(lasted).toBeLessThan(4200);
    await vi.waitUntil(async () => (await open(client, place.sessionId).count()) === 0, {
      timeout: 4100 - lasted + 500,
      interval: 20,
    });
  });

  test("where a write arrives when the message was to be gone: it is gone", async () => {
    const place = await addExpiring(2);
    const late = lateClient(isInsert, () => 3000);
    await expect(open(late, place.sessionId).update(place.id, new AIMessage("x"))).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
    expect(await open(client, place.sessionId).count()).toBe(0);
  });

  test("where nothing is left when the read is answered, nothing is written", async () => {
    const place = await addExpiring(1);
    const { watched, requests } = watchClient(client, async (request, send) => {
      const result = await send();
      if (isRead(request)) await setTimeout(2100);
      return result;
    });
    await expect(open(watched, place.sessionId).update(place.id, new AIMessage("x"))).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
    expect(requests.filter(isInsert)).toEqual([]);
    expect(await open(client, place.sessionId).count()).toBe(0);
  });
});

test("an update by a process that knows nothing of the ones before keeps the expiry, too", async () => {
  const place = await addExpiring(1000);
  for (let at = 0; at < 100; at += 1) {
    Reflect.deleteProperty(globalThis, ROWS);
    await open(client, place.sessionId).update(place.id, new HumanMessage(`${at}`));
  }
  expect(Math.abs(await lateness(place))).toBeLessThanOrEqual(1);
});

test("slow updates by processes that know nothing of each other keep the expiry, too", {
  timeout: 40_000,
}, async () => {
  const late = lateClient(isInsert, () => 600);
  const place = await addExpiring(1000);
  for (let at = 0; at < 8; at += 1) {
    Reflect.deleteProperty(globalThis, ROWS);
    await open(late, place.sessionId).update(place.id, new HumanMessage(`${at}`));
  }
  expect(Math.abs(await lateness(place))).toBeLessThanOrEqual(1);
});

test("an update that arrived late, and is looked after, leaves what another process wrote since", async () => {
  const place = await addExpiring(1000);
  const { watched, requests } = watchClient(client, async (request, send) => {
    if (!isInsert(request) || requests.filter(isInsert).length > 1) return send();
    await setTimeout(1000);
    const result = await send();
    const own: unknown = Reflect.get(globalThis, ROWS);
    Reflect.deleteProperty(globalThis, ROWS);
    await open(client, place.sessionId).update(place.id, new HumanMessage("theirs"));
    Reflect.set(globalThis, ROWS, own);
    return result;
  });
  await open(watched, place.sessionId).update(place.id, new HumanMessage("mine"));
  expect(texts(await open(client, place.sessionId).getMessages())).toEqual(["theirs"]);
});

describe.concurrent("a fork keeps the expiry", () => {
  test("where its writes follow its reads late", async () => {
    const place = await addExpiring(1000);
    const late = lateClient(
      isRead,
      () => 0,
      () => 2500,
    );
    const copy = await open(late, place.sessionId).fork(`${place.sessionId} copy`);
    expect(Math.abs(await lateness({ ...place, sessionId: copy.sessionId }))).toBeLessThanOrEqual(1);
  });

  test("of a fork of a fork, 50 times", async () => {
    const place = await addExpiring(1000);
    const late = lateClient(
      isRead,
      () => 0,
      () => 30,
    );
    let history = open(late, place.sessionId);
    for (let at = 0; at < 50; at += 1) history = await history.fork(`${place.sessionId} ${at}`);
    expect(Math.abs(await lateness({ ...place, sessionId: history.sessionId }))).toBeLessThanOrEqual(1);
  });

  test("and copies nothing of which nothing is left; what does not expire stays so", async () => {
    const place = await addExpiring(1);
    const late = lateClient(
      isRead,
      () => 0,
      () => 2100,
    );
    const history = open(late, place.sessionId);
    await history.append(numbered(1, 1));
    const copy = await history.fork(`${place.sessionId} copy`);
    const entries = (await copy.getPage({ limit: 5 })).entries;
    expect(entries.map(({ message, expiresAt }) => [message.text, expiresAt])).toEqual([["message 1", undefined]]);
  });
});
