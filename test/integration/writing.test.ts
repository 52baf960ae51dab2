import { randomBytes } from "node:crypto";
import { inspect } from "node:util";
import { HumanMessage, RemoveMessage } from "@langchain/core/messages";
import { Client, types } from "cassandra-driver";
import { describe, expect, inject, test } from "vitest";
import { failureOf } from "../support/failure.ts";
import { KIB, largeMessages, numbered, TOO_LARGE_BYTES, texts, turn } from "../support/messages.ts";
import { appendOne, openClient, openHistory, ownKeyspace } from "../support/session.ts";
import { asksFor, watchClient } from "../support/watch.ts";

const client = openClient();
const keyspace = ownKeyspace(client);

test("a turn of two costs one request, which is prepared, idempotent and unlogged", async () => {
  const { watched, requests } = watchClient(client);
  const history = openHistory({ client: watched, keyspace });
  await history.setup();
  requests.length = 0;
  await history.addMessages(turn(1));
  expect(requests).toHaveLength(1);
  expect(requests[0]?.queries).toHaveLength(2);
  expect(requests[0]?.options).toMatchObject({ prepare: true, isIdempotent: true, logged: false });
});

test("every request after the setup is marked idempotent, and carries the history's own options", async () => {
  const { watched, requests } = watchClient(client);
  const { one, quorum, serial, localSerial } = types.consistencies;
  const readOptions = { consistency: one, readTimeout: 4321, serialConsistency: serial, executionProfile: "default" };
  const writeOptions = { consistency: quorum, traceQuery: false, serialConsistency: localSerial };
  const history = openHistory({ client: watched, keyspace, readOptions, writeOptions, ttlSeconds: 1000 });
  await history.setup();
  requests.length = 0;
  await history.addMessage(new HumanMessage("one"));
  await history.addMessages(turn(1));
  await history.append(turn(2), { ttlSeconds: 5 });
  await history.clear();
  await history.getMessages();
  await history.count();
  await history.getPage({ limit: 1 });
  const id = await appendOne(history);
  await history.update(id, new HumanMessage("new"));
  await history.delete([id]);
  await history.deleteFrom(id);
  expect(requests).toHaveLength(15);
  for (const request of requests) {
    const own = asksFor(request, /^SELECT/) ? readOptions : writeOptions;
    expect(request.options).toMatchObject({ prepare: true, isIdempotent: true, ...own });
  }
});

test("adds made in one turn of the event loop go in one batch", async () => {
  const { watched, requests } = watchClient(client);
  const history = openHistory({ client: watched, keyspace });
  await history.setup();
  requests.length = 0;
  await Promise.all(numbered(100).map((message) => history.addMessage(message)));
  expect(requests.map(({ queries }) => queries.length)).toEqual([100]);
});

test("a call of more than 1 MiB goes in as few batches as it takes, in order", async () => {
  const { watched, requests } = watchClient(client);
  const history = openHistory({ client: watched, keyspace });
  await history.setup();
  requests.length = 0;
  const messages = largeMessages(10, 300 * KIB);
  await history.addMessages(messages);
  expect(requests.map(({ queries }) => queries.length)).toEqual([3, 3, 3, 1]);
  expect(texts(await history.getMessages())).toEqual(texts(messages));
});

test("70,000 small messages of one call are all stored, in order", async () => {
  const history = openHistory({ client, keyspace });
  await history.addMessages(numbered(70_000));
  expect(texts(await history.getMessages())).toEqual(texts(numbered(70_000)));
});

test("2,000 messages of a session with the longest id are all stored, and deleted by their ids", async () => {
  const history = openHistory({ client, keyspace, sessionId: "x".repeat(65_535) });
  await history.addMessages(numbered(2000));
  expect(await history.count()).toBe(2000);
  const entries = (await history.getPage({ limit: 300 })).entries;
  await history.delete(entries.map(({ id }) => id));
  expect(await history.count()).toBe(1700);
});

describe("append", () => {
  test("gives the entries that it made", async () => {
    const history = openHistory({ client, keyspace, ttlSeconds: 60 });
    const before = Date.now();
    const entries = await history.append(turn(1));
    const after = Date.now();
    expect(entries.map(({ message }) => message.text)).toEqual(["question 1", "answer 1"]);
    for (const { id, createdAt, expiresAt } of entries) {
      expect(types.TimeUuid.fromString(id).getDate()).toEqual(createdAt);
      expect(createdAt.getTime()).toBeGreaterThanOrEqual(before);
      expect(createdAt.getTime()).toBeLessThanOrEqual(after);
      expect(expiresAt?.getTime()).toBeGreaterThanOrEqual(before + 60_000);
    }
    const [plain] = await history.append(numbered(1), { ttlSeconds: 5 });
    expect(plain?.expiresAt?.getTime()).toBeLessThanOrEqual(Date.now() + 5_000);
  });

  test("with the ids of a failed attempt stores nothing twice", async () => {
    const lost = new Error("the answer was lost on its way");
    let lose = true;
    const { watched } = watchClient(client, async (request, send) => {
      const result = await send();
      if (lose && asksFor(request, /^INSERT/)) throw lost;
      return result;
    });
    const history = openHistory({ client: watched, keyspace });
    const error = await failureOf(history.append(turn(1)));
    expect(error).toMatchObject({ code: "WRITE_FAILED", cause: lost, written: [] });
    lose = false;
    const entries = await history.append(turn(1), { ids: error.ids });
    expect(entries.map(({ id }) => id)).toEqual(error.ids);
    await history.addUserMessage("later");
    expect(texts(await history.getMessages())).toEqual([...texts(turn(1)), "later"]);
  });

  test("that fails in the middle names what is stored", async () => {
    let batches = 0;
    const { watched } = watchClient(client, async (request, send) => {
      if (asksFor(request, /^INSERT/) && ++batches === 2) throw new Error("cut");
      return send();
    });
    const history = openHistory({ client: watched, keyspace });
    const messages = largeMessages(3, 900 * KIB);
    const error = await failureOf(history.append(messages));
    expect(error.ids).toHaveLength(3);
    expect(error.written).toEqual(error.ids?.slice(0, 1));
    expect(texts(await history.getMessages())).toEqual(texts(messages.slice(0, 1)));
  });
});

describe("a call with what cannot be stored is refused, and nothing of it is written", () => {
  const cyclic = new HumanMessage("secret words");
  cyclic.additional_kwargs["self"] = cyclic.additional_kwargs;

  test.each([
    ["a cycle", cyclic],
    ["a string", "secret words"],
    ["nothing", undefined],
    ["a stored message", { type: "human", data: { content: "secret words" } }],
    ["a RemoveMessage", new RemoveMessage({ id: "secret words" })],
  ])("%s", async (_, bad) => {
    const history = openHistory({ client, keyspace });
    const messages = [new HumanMessage("good"), bad, new HumanMessage("good")] as HumanMessage[];
    const error = await failureOf(history.addMessages(messages));
    expect(error.code).toBe("INVALID_MESSAGE");
    expect(error.message).toMatch(
      /^Invalid message at position 1 of the call: .*\. Nothing of the call was written\.$/,
    );
    expect(inspect(error)).not.toContain("secret");
    expect(await history.getMessages()).toEqual([]);
  });

  test("a message larger than the server takes", async () => {
    const history = openHistory({ client, keyspace });
    const large = new HumanMessage(
      randomBytes(TOO_LARGE_BYTES)
        .toString("latin1")
        .replaceAll(/[^ -~]/g, "x"),
    );
    const error = await failureOf(history.addMessage(large));
    expect(error.code).toBe("MESSAGE_TOO_LARGE");
    expect(await history.getMessages()).toEqual([]);
  });

  test("one bad expiry does not fail the calls that travel with it", async () => {
    const history = openHistory({ client, keyspace });
    await history.setup();
    // Beyond 2038, which a server on default settings refuses.
    const [bad, good] = await Promise.allSettled([
      history.append(numbered(1), { ttlSeconds: 630_720_000 }),
      history.addUserMessage("good"),
    ]);
    expect(bad).toMatchObject({ status: "rejected", reason: { code: "WRITE_FAILED" } });
    expect(good.status).toBe("fulfilled");
    expect(texts(await history.getMessages())).toEqual(["good"]);
  });
});

test("JSON and inspect of a history show no credential, contact point or message", async () => {
  const secret = new Client({
    contactPoints: [...inject("contactPoints")],
    localDataCenter: inject("localDataCenter"),
    credentials: { username: "the-user", password: "the-password" },
  });
  const history = openHistory({ client: secret, keyspace });
  await history.addUserMessage("the-message");
  const shown = [JSON.stringify(history), inspect(history, { depth: 20, showHidden: true }), String(history)].join();
  for (const word of ["the-user", "the-password", "the-message", ...inject("contactPoints"), "127.0.0.1"]) {
    expect(shown).not.toContain(word);
  }
  expect(JSON.parse(JSON.stringify(history))).toEqual({
    lc: 1,
    type: "not_implemented",
    id: ["langchain", "stores", "message", "cassandra", "CassandraChatMessageHistory"],
  });
  await secret.shutdown();
});
