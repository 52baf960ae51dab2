import { AIMessage, type BaseMessage, HumanMessage } from "@langchain/core/messages";
import { errors, types } from "cassandra-driver";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { SessionClock } from "../../src/ids/clock.ts";
import type { CassandraChatMessageHistory } from "../../src/index.ts";
import { forgetClock } from "../support/clock.ts";
import { failureOf } from "../support/failure.ts";
import { numbered, texts } from "../support/messages.ts";
import { openClient, openHistory, ownKeyspace } from "../support/session.ts";
import { watchClient } from "../support/watch.ts";

const client = openClient();
const keyspace = ownKeyspace(client);
const HOUR = 3_600_000;
const realNow = Date.now;

/** Answers of reads wait for this. */
let gate: Promise<unknown> = Promise.resolve();
const { watched, requests } = watchClient(client, async (request, send) => {
  if (isRead(request.queries[0])) await gate;
  return send();
});

function isRead(query: string | undefined): boolean {
  return query?.startsWith("SELECT") ?? false;
}

const open = (sessionId?: string): CassandraChatMessageHistory =>
  openHistory({ client: watched, keyspace, ...(sessionId !== undefined && { sessionId }) });

/** Since the last time that this was asked. */
function requestsNow(): string[] {
  return requests.splice(0).map(({ queries: [query] }) => (isRead(query) ? "read" : "write"));
}

/** The process knows of as many other sessions as it remembers, all further ahead than any of the test. */
function forgetSessions(): void {
  const id = types.TimeUuid.fromDate(new Date(realNow() + 1000 * HOUR)).getBuffer();
  for (let at = 0; at < 10_000; at += 1) new SessionClock("other", "other", `${at}`).observe(id);
}

/** An add of this process, an hour ahead, in a session that the process then forgets. */
async function addAhead(sessionId: string): Promise<void> {
  vi.spyOn(Date, "now").mockImplementation(() => realNow() + HOUR);
  await open(sessionId).addUserMessage("ahead");
  vi.restoreAllMocks();
  forgetSessions();
  requestsNow();
}

beforeEach(async () => {
  forgetClock();
  gate = Promise.resolve();
  await open().setup();
});

afterEach(() => {
  vi.restoreAllMocks();
  forgetClock();
});

test("an add is one request, after a step back, too, while the process remembers the session", async () => {
  const history = open();
  await history.addUserMessage("1");
  requestsNow();
  for (const offset of [-1, -1000, -HOUR]) {
    vi.spyOn(Date, "now").mockImplementation(() => realNow() + offset);
    await open(history.sessionId).addUserMessage(`${offset}`);
    await open().addUserMessage("of a new session");
    expect(requestsNow()).toEqual(["write", "write"]);
  }
  expect(texts(await history.getMessages())).toEqual(["1", "-1", "-1000", `${-HOUR}`]);
});

test("an add to a session that was forgotten reads its newest message first", async () => {
  const history = open();
  await addAhead(history.sessionId);
  await history.addUserMessage("1");
  expect(requestsNow()).toEqual(["read", "write"]);
  await open(history.sessionId).addUserMessage("2");
  expect(texts(await history.getMessages())).toEqual(["ahead", "1", "2"]);
});

test("any other session is dated by the clock as it is", async () => {
  await addAhead("forgotten");
  const [entry] = await open().append(numbered(1));
  expect(requestsNow()).toEqual(["read", "write"]);
  expect(entry?.createdAt.getTime()).toBeLessThanOrEqual(realNow());
  expect(entry?.createdAt.getTime()).toBeGreaterThan(realNow() - 10_000);
});

test("calls on one history keep their order while the first waits for its ids", async () => {
  const history = open();
  await addAhead(history.sessionId);
  let answer = (): void => {};
  gate = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const message = new HumanMessage("1");
  const calls: Promise<unknown>[] = [history.addMessage(message), history.addUserMessage("2")];
  message.content = "changed since";
  const read = history.getMessages();
  calls.push(history.clear(), history.addMessages([new AIMessage("3"), new HumanMessage("4")]));
  answer();
  await Promise.all(calls);
  expect(texts(await read)).toEqual(["ahead", "1", "2"]);
  expect(texts(await history.getMessages())).toEqual(["3", "4"]);
});

test("an add is after what was deleted ahead, in a session that was forgotten since", async () => {
  const history = open();
  vi.spyOn(Date, "now").mockImplementation(() => realNow() + HOUR);
  await history.clear();
  vi.restoreAllMocks();
  forgetSessions();
  await open(history.sessionId).addUserMessage("after");
  expect(texts(await history.getMessages())).toEqual(["after"]);
});

test("where the newest message cannot be read, nothing is written, and the next add tries again", async () => {
  const history = open();
  await addAhead(history.sessionId);
  gate = Promise.reject(new errors.OperationTimedOutError("late"));
  gate.catch(() => {});
  const failure = await failureOf(history.addUserMessage("1"));
  expect(failure).toMatchObject({ code: "WRITE_FAILED", written: [] });
  // So that `append(messages, { ids: error.ids })` adds them under new ids.
  expect(failure.ids).toBeUndefined();
  expect(failure.message).toMatch(/^Nothing was written: the session's newest message/);
  gate = Promise.resolve();
  await history.addUserMessage("2");
  expect(texts(await history.getMessages())).toEqual(["ahead", "2"]);
});

test("an add that is given up while it waits is not sent, and holds up no other", async () => {
  const history = open();
  await addAhead(history.sessionId);
  let answer = (): void => {};
  gate = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const stop = new AbortController();
  const reason = new Error("enough");
  const adds = [history.append(numbered(1), { signal: stop.signal }), history.append(numbered(1, 1))];
  stop.abort(reason);
  await expect(adds[0]).rejects.toBe(reason);
  answer();
  await adds[1];
  expect(texts(await history.getMessages())).toEqual(["ahead", "message 1"]);
});

test("a message that cannot be stored is refused at once, as ever", async () => {
  const history = open();
  await addAhead(history.sessionId);
  const given = [new HumanMessage("1"), {}] as unknown as BaseMessage[];
  expect(await failureOf(history.addMessages(given))).toMatchObject({ code: "INVALID_MESSAGE" });
  expect(texts(await history.getMessages())).toEqual(["ahead"]);
});
