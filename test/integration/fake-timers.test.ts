/** An application's tests use fake timers. The library then has to work, and what they faked must not outlast them. */
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { createRequire } from "node:module";
import { promisify } from "node:util";
import { AIMessage, HumanMessage } from "@langchain/core/messages";
import { errors, types } from "cassandra-driver";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { type CassandraChatMessageHistory, CassandraHistoryError } from "../../src/index.ts";
import { forgetClock } from "../support/clock.ts";
import { idFromNow } from "../support/ids.ts";
import { texts } from "../support/messages.ts";
import { humanRow, writeRow } from "../support/rows.ts";
import { clusterArguments, clusterEnvironment, openClient, openHistory, ownKeyspace } from "../support/session.ts";
import { HOUR, latestWriteTime } from "../support/time.ts";
import { asksFor, watchClient } from "../support/watch.ts";

type FakeTimers = NonNullable<Parameters<typeof vi.useFakeTimers>[0]>;

const client = openClient();
const keyspace = ownKeyspace(client);
/** A call that waits for a fake never settles. */
const SETTLES_WITHIN_MS = 5_000;

beforeAll(() => client.connect());
afterEach(() => {
  vi.useRealTimers();
  forgetClock();
});

/** Adds, reads, updates a message that expires, appends with a signal and clears; checks each answer. */
async function useMainPath(history: CassandraChatMessageHistory): Promise<void> {
  await Promise.all([history.addUserMessage("hi!"), history.addAIMessage("whats up?")]);
  const { signal } = new AbortController();
  const [expiring] = await history.append([new HumanMessage("old")], { ttlSeconds: 1000, signal });
  await history.update(String(expiring?.id), new AIMessage("new"));
  expect(texts(await history.getMessages())).toEqual(["hi!", "whats up?", "new"]);
  const { entries } = await history.getPage({ limit: 3 });
  expect(entries.map(({ expiresAt }) => expiresAt !== undefined)).toEqual([false, false, true]);
  const reason = new Error("enough");
  const aborted = history.append([new HumanMessage("never")], { signal: AbortSignal.abort(reason) });
  await expect(aborted).rejects.toBe(reason);
  expect(await history.count()).toBe(3);
  await history.clear();
  expect(await history.getMessages()).toEqual([]);
  await history.addUserMessage("again");
  expect(texts(await history.getMessages())).toEqual(["again"]);
}

/** Appends a message, whose id has to tell the present. */
async function expectRealDate(history: CassandraChatMessageHistory): Promise<void> {
  const before = Date.now();
  const [entry] = await history.append([new HumanMessage("dated")]);
  expect(entry?.createdAt.getTime()).toBeGreaterThanOrEqual(before);
  expect(entry?.createdAt.getTime()).toBeLessThanOrEqual(Date.now());
}

// Vitest refuses to fake nextTick in a process: the test under Jest does.
const fakes: [name: string, FakeTimers][] = [
  ["Vitest's defaults", {}],
  ["Date", { toFake: ["Date"] }],
  ["performance", { toFake: ["performance"] }],
  ["Date and performance", { toFake: ["Date", "performance"] }],
  ["Date, performance and hrtime", { toFake: ["Date", "performance", "hrtime"] }],
  ["queueMicrotask", { toFake: ["queueMicrotask"] }],
  ["setImmediate", { toFake: ["setImmediate", "clearImmediate"] }],
  ["setTimeout", { toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] }],
  [
    "every timer, the clock left alone",
    { toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "setImmediate", "queueMicrotask"] },
  ],
  [
    "every timer and every clock",
    { toFake: ["setTimeout", "setInterval", "setImmediate", "queueMicrotask", "Date", "performance", "hrtime"] },
  ],
  ["timers that advance by themselves", { shouldAdvanceTime: true }],
];

describe.each(fakes)("with fakes that nobody advances: %s", (name, options) => {
  test("the main path works in a table that is there", { timeout: SETTLES_WITHIN_MS }, async () => {
    const history = openHistory({ client, keyspace });
    await history.setup();
    vi.useFakeTimers(options);
    await useMainPath(history);
  });

  test("the main path works when the first use makes the table", { timeout: SETTLES_WITHIN_MS }, async () => {
    const history = openHistory({ client, keyspace, table: `made_${name.replaceAll(/\W/g, "_")}` });
    vi.useFakeTimers(options);
    await useMainPath(history);
  });

  test("a library imported under the fakes works after them", { timeout: SETTLES_WITHIN_MS }, async () => {
    vi.useFakeTimers(options);
    vi.resetModules();
    const imported = await import("../../src/index.ts");
    const sessionId = randomUUID();
    const history = new imported.CassandraChatMessageHistory({ client, keyspace, sessionId });
    vi.useRealTimers();
    await expectRealDate(history);
    await history.clear();
    await useMainPath(history);
  });

  test("a call made once the timers are real again settles", { timeout: SETTLES_WITHIN_MS }, async () => {
    const history = openHistory({ client, keyspace });
    await history.setup();
    vi.useFakeTimers(options);
    const added = history.addUserMessage("faked");
    vi.useRealTimers();
    await history.addUserMessage("real");
    await added;
    expect(texts(await history.getMessages())).toEqual(["faked", "real"]);
  });
});

test("a first use that waits for the nodes goes on though setTimeout and Date stand still", {
  timeout: SETTLES_WITHIN_MS,
}, async () => {
  let refusals = 0;
  const { watched } = watchClient(client, async (request, send) => {
    if (!asksFor(request, / IN \(\)$/) || refusals === 2) return send();
    refusals += 1;
    throw new errors.ResponseError(types.responseErrorCodes.invalid, "unconfigured table waited_for");
  });
  vi.useFakeTimers();
  await useMainPath(openHistory({ client: watched, keyspace, table: "waited_for" }));
  expect(refusals).toBe(2);
});

const dates: [name: string, now: number][] = [
  ["1970", 0],
  ["the millisecond before 1970", -1],
  ["2001", Date.UTC(2001)],
  ["an hour ago", Date.now() - HOUR],
  ["an hour from now", Date.now() + HOUR],
  ["2099", Date.UTC(2099)],
];

describe.each(dates)("with Date set to %s", (_, now) => {
  const clocks: FakeTimers[] = [
    { toFake: ["Date"], now },
    { toFake: ["Date", "performance"], now },
  ];

  test.each(clocks)("the main path works: $toFake", { timeout: SETTLES_WITHIN_MS }, async (options) => {
    vi.useFakeTimers(options);
    await useMainPath(openHistory({ client, keyspace }));
  });

  test.each(clocks)("messages added before, during and after keep their order: $toFake", async (options) => {
    const history = openHistory({ client, keyspace });
    await history.addUserMessage("before");
    vi.useFakeTimers(options);
    await history.addUserMessage("during");
    vi.useRealTimers();
    await history.addUserMessage("after");
    expect(texts(await history.getMessages())).toEqual(["before", "during", "after"]);
  });

  test.each(clocks)("another session's message is dated by the real clock afterwards: $toFake", async (options) => {
    vi.useFakeTimers(options);
    await useMainPath(openHistory({ client, keyspace }));
    vi.useRealTimers();
    await expectRealDate(openHistory({ client, keyspace }));
  });

  test.each(clocks)("what another process adds after a later clear survives: $toFake", async (options) => {
    vi.useFakeTimers(options);
    await openHistory({ client, keyspace }).addUserMessage("in another session");
    vi.useRealTimers();
    const history = openHistory({ client, keyspace });
    await history.addUserMessage("old");
    await history.clear();
    expect(await history.getMessages()).toEqual([]);
    const { sessionId } = history;
    await writeRow(client, {
      ...{ keyspace, sessionId, id: idFromNow(0), message: humanRow("theirs") },
      timestamp: latestWriteTime(),
    });
    expect(texts(await history.getMessages())).toEqual(["theirs"]);
  });
});

test("a Date that a test moves to and fro during a conversation changes no order", async () => {
  const history = openHistory({ client, keyspace });
  vi.useFakeTimers({ toFake: ["Date"] });
  const said: string[] = [];
  for (const [name, now] of [...dates, ...dates.toReversed()]) {
    vi.setSystemTime(now);
    await history.addUserMessage(name);
    said.push(name);
  }
  expect(texts(await history.getMessages())).toEqual(said);
  await history.clear();
  expect(await history.getMessages()).toEqual([]);
});

test.each([undefined, null, Number.NaN, Number.POSITIVE_INFINITY, 1_700_000_000_000.5, "today"])(
  "a Date.now that once gave %s breaks no later call",
  { timeout: SETTLES_WITHIN_MS },
  async (reading) => {
    const history = openHistory({ client, keyspace });
    await history.setup();
    const mock = vi.spyOn(Date, "now").mockReturnValue(reading as number);
    // It may be stored, or be refused with the library's own error.
    const outcome = await history.addUserMessage("during").catch((error: unknown) => error);
    mock.mockRestore();
    if (outcome !== undefined) expect(outcome).toBeInstanceOf(CassandraHistoryError);
    await history.clear();
    expect(await history.getMessages()).toEqual([]);
    await expectRealDate(history);
    expect(texts(await history.getMessages())).toEqual(["dated"]);
  },
);

describe.each(["ES module", "CommonJS"])("the %s build", (build) => {
  test.each(["before", "after", "after, and real again"])(
    "waits for the nodes under the fake timers of Node's test runner, where it was imported %s them",
    async (when) => {
      const args = ["test/programs/mocked-timers.mjs", ...clusterArguments(), keyspace, build, when];
      const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: SETTLES_WITHIN_MS });
      expect(JSON.parse(stdout)).toEqual({ refusals: 2, read: ["hi!"] });
    },
  );
});

test("the CommonJS build passes the same main path under Jest, with its fake timers", async () => {
  const jest = createRequire(import.meta.url).resolve("jest/bin/jest");
  const env = { ...clusterEnvironment(), KEYSPACE: keyspace };
  const { stderr } = await promisify(execFile)(process.execPath, [jest, "--config", "test/programs/jest.config.cjs"], {
    env,
  });
  expect(stderr).toMatch(/^Tests: +(\d+) passed, \1 total$/m);
});
