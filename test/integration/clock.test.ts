import { performance } from "node:perf_hooks";
import process from "node:process";
import { HumanMessage } from "@langchain/core/messages";
import { types } from "cassandra-driver";
import { afterEach, describe, expect, test, vi } from "vitest";
import { type CassandraChatMessageHistory, CassandraHistoryError } from "../../src/index.ts";
import { startClockAnew } from "../support/clock.ts";
import { numbered, texts } from "../support/messages.ts";
import { METHODS } from "../support/methods.ts";
import { openClient, openHistory, ownKeyspace } from "../support/session.ts";
import { watchClient } from "../support/watch.ts";

const client = openClient();
const keyspace = ownKeyspace(client);
const DAY = 86_400_000;
const realNow = Date.now;

afterEach(() => vi.restoreAllMocks());

/** From here on, the system clock of this process is off by so many milliseconds. */
function shiftClock(offset: number): void {
  vi.spyOn(Date, "now").mockImplementation(() => realNow() + offset);
}

const open = (sessionId?: string): CassandraChatMessageHistory =>
  openHistory({ client, keyspace, ...(sessionId !== undefined && { sessionId }) });

/** What a process with a right clock adds. */
async function addElsewhere({ sessionId }: CassandraChatMessageHistory, text: string): Promise<void> {
  const insert = `INSERT INTO ${keyspace}.message_store (session_id, message_id, message) VALUES (?, ?, ?)`;
  const row = JSON.stringify({ type: "human", data: { content: text } });
  const values = [sessionId, types.TimeUuid.fromDate(new Date(realNow())).toString(), row];
  await client.execute(insert, values, { prepare: true, timestamp: realNow() * 1000 + 999 });
}

type Step = (history: CassandraChatMessageHistory, id: string) => Promise<unknown>;

/** What a call may be that meets the step, and what may delete afterwards. */
const calls: Record<string, Step> = {
  add: (history) => history.addUserMessage("during the step"),
  read: (history) => history.getMessages(),
  update: (history, id) => history.update(id, new HumanMessage("changed during the step")),
  clear: (history) => history.clear(),
  delete: (history, id) => history.delete([id]),
};
const deletes: Record<string, Step> = {
  clear: (history) => history.clear(),
  deleteFrom: (history, id) => history.deleteFrom(id),
  delete: (history, id) => history.delete([id]),
};
const names = (record: object): string[] => Object.keys(record);

describe.each(names(deletes))("after a step of a day that was taken back, %s", (deletion) => {
  test.each(names(calls))("in another session leaves what others add, where the step met: %s", async (call) => {
    const [stepped, other] = [open(), open()];
    const [before] = await stepped.append(numbered(1));
    shiftClock(DAY);
    await calls[call]?.(stepped, before?.id ?? "");
    vi.restoreAllMocks();
    const [old] = await other.append([new HumanMessage("old")]);
    expect(old?.createdAt.getTime()).toBeLessThanOrEqual(realNow());
    await deletes[deletion]?.(other, old?.id ?? "");
    await addElsewhere(other, "acknowledged");
    expect(texts(await other.getMessages())).toEqual(["acknowledged"]);
  });

  test.each(["add", "read", "update"])(
    "in its own session removes all and leaves what others add: %s",
    async (call) => {
      const history = open();
      const [first] = await history.append(numbered(1));
      shiftClock(DAY);
      await calls[call]?.(history, first?.id ?? "");
      vi.restoreAllMocks();
      await history.addUserMessage("after the step");
      await deletes[deletion]?.(history, first?.id ?? "");
      const left = deletion === "delete" ? [...(call === "add" ? ["during the step"] : []), "after the step"] : [];
      expect(texts(await history.getMessages())).toEqual(left);
      await addElsewhere(history, "acknowledged");
      expect(texts(await history.getMessages()).sort()).toEqual([...left, "acknowledged"].sort());
    },
  );
});

test("a clear that the step back overtakes removes what was dated in between", async () => {
  const { watched } = watchClient(client, async (request, send) => {
    const result = await send();
    if (/WRITETIME/.test(request.queries[0] ?? "")) vi.restoreAllMocks();
    return result;
  });
  const history = open();
  await history.setup();
  shiftClock(3_600_000);
  await history.addUserMessage("an hour ahead");
  shiftClock(DAY);
  await openHistory({ client: watched, keyspace, sessionId: history.sessionId }).clear();
  expect(await history.getMessages()).toEqual([]);
  await addElsewhere(history, "acknowledged");
  expect(texts(await history.getMessages())).toEqual(["acknowledged"]);
});

test.each([-1, -50, -5000, -DAY])("messages of one session keep their order over a step of %i ms", async (offset) => {
  const history = open();
  await history.addUserMessage("1");
  shiftClock(offset);
  await history.addUserMessage("2");
  await history.clear();
  await history.addUserMessage("3");
  await open(history.sessionId).addUserMessage("4");
  expect(texts(await history.getMessages())).toEqual(["3", "4"]);
  vi.restoreAllMocks();
  await history.addUserMessage("5");
  expect(texts(await history.getMessages())).toEqual(["3", "4", "5"]);
});

const broken: Record<string, () => void> = {
  "Date.now() is undefined": () => vi.spyOn(Date, "now").mockImplementation(() => undefined as unknown as number),
  "Date.now() is NaN": () => vi.spyOn(Date, "now").mockReturnValue(Number.NaN),
  "Date.now() is infinite": () => vi.spyOn(Date, "now").mockReturnValue(Number.POSITIVE_INFINITY),
  "Date.now() is no whole number": () => vi.spyOn(Date, "now").mockImplementation(() => realNow() + 0.5),
  "Date.now() is far beyond the year 2223": () => vi.spyOn(Date, "now").mockReturnValue(1e18),
  "Date.now() throws": () =>
    vi.spyOn(Date, "now").mockImplementation(() => {
      throw new Error("a fake");
    }),
  "Date.now() is a big integer": () =>
    vi.spyOn(Date, "now").mockImplementation(() => BigInt(realNow()) as unknown as number),
  "there is no Date.now()": () => vi.stubGlobal("Date", Object.assign(class extends Date {}, { now: undefined })),
  "there is no Date": () => vi.stubGlobal("Date", undefined),
  "Date makes the same date each time": () => {
    const only = new Date("2020-01-01");
    vi.stubGlobal("Date", function DateDouble() {
      return only;
    });
  },
  "Date makes no date": () => {
    const fail = (): never => {
      throw new Error("a fake");
    };
    vi.stubGlobal("Date", Object.assign(fail, { now: realNow }));
  },
  "Date gives no time at all": () => {
    vi.stubGlobal(
      "Date",
      class extends Date {
        static override now = (): number => Number.NaN;
        override getTime = (): number => Number.NaN;
      },
    );
  },
  "performance.now() throws": () =>
    vi.spyOn(performance, "now").mockImplementation(() => {
      throw new Error("a fake");
    }),
  "performance.now() is a big integer": () =>
    vi.spyOn(performance, "now").mockImplementation(() => process.hrtime.bigint() as unknown as number),
  "performance.now() is NaN": () => vi.spyOn(performance, "now").mockReturnValue(Number.NaN),
  "performance.timeOrigin is a function": () =>
    Object.defineProperty(performance, "timeOrigin", { value: () => 0, configurable: true }),
  "nothing tells the time": () => {
    vi.spyOn(performance, "now").mockReturnValue(Number.NaN);
    broken["Date gives no time at all"]?.();
  },
};

/** Everything is as it was before the moment. */
function mendClocks(): void {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  Reflect.deleteProperty(performance, "timeOrigin");
}

const tellNothing = names(broken).filter((what) => what.startsWith("nothing"));

test.each(names(broken))("every method goes on while %s, or says that there is no time", async (what) => {
  const history = openHistory({ client, keyspace, ttlSeconds: 1000 });
  const ids = (await history.append(numbered(3))).map(({ id }) => id);
  const methods: ((id: string) => Promise<unknown>)[] = [
    (id) => history.update(id, new HumanMessage("changed")),
    (id) => history.getPage({ limit: 5, after: id }),
    ...Object.entries(METHODS).map(
      ([name, method]) =>
        () =>
          name === "update" ? Promise.resolve() : method(history),
    ),
  ];
  const outcomes: unknown[] = [];
  for (const method of methods) {
    broken[what]?.();
    const [outcome] = await Promise.allSettled([method(ids[1] ?? "")]);
    mendClocks();
    if (outcome.status === "rejected") outcomes.push(outcome.reason);
  }
  for (const error of outcomes) expect(error).toBeInstanceOf(CassandraHistoryError);
  if (!tellNothing.includes(what)) expect(outcomes).toEqual([]);
});

test.each(names(broken))("an entry has its own dates while %s", async (what) => {
  const history = open();
  await history.setup();
  broken[what]?.();
  const [added] = await Promise.allSettled([history.append(numbered(1), { ttlSeconds: 1000 })]);
  const [page] = await Promise.allSettled([history.getPage({ limit: 1 })]);
  mendClocks();
  if (tellNothing.includes(what)) return;
  const entries = [
    ...(added.status === "fulfilled" ? added.value : []),
    ...(page.status === "fulfilled" ? page.value.entries : []),
  ];
  expect(entries).toHaveLength(2);
  for (const { createdAt, expiresAt } of entries) {
    if (/same date/.test(what)) expect(createdAt).toEqual(new Date("2020-01-01"));
    else expect(Math.abs(createdAt.getTime() - realNow())).toBeLessThan(10_000);
    const left = (expiresAt?.getTime() ?? 0) - createdAt.getTime();
    expect(Math.abs(left - 1_000_000)).toBeLessThan(5000);
  }
});

describe.each(["at first use", "later"])("%s", (when) => {
  test.each(names(broken))("a moment in which %s passes without a trace", async (what) => {
    const [history, other] = [open(), open()];
    await Promise.all([history.setup(), other.setup()]);
    if (when === "at first use") startClockAnew(0);
    vi.restoreAllMocks();
    broken[what]?.();
    const meanwhile = await Promise.allSettled([
      history.addUserMessage("meanwhile"),
      history.clear(),
      history.addUserMessage("meanwhile too"),
    ]);
    mendClocks();
    for (const one of meanwhile)
      if (one.status === "rejected") expect(one.reason).toBeInstanceOf(CassandraHistoryError);
    for (const one of [history, other]) {
      const before = realNow();
      const [entry] = await one.append(numbered(1));
      expect(entry?.createdAt.getTime()).toBeGreaterThanOrEqual(before - 1);
      expect(entry?.createdAt.getTime()).toBeLessThanOrEqual(realNow() + 1);
      await one.clear();
      expect(await one.getMessages()).toEqual([]);
      await addElsewhere(one, "acknowledged");
      expect(texts(await one.getMessages())).toEqual(["acknowledged"]);
    }
  });
});

test.each(["2020-01-01", "2030-01-01"])("a test that sets Date to %s sees that date", async (date) => {
  vi.useFakeTimers({ toFake: ["Date", "performance", "hrtime"], now: new Date(date) });
  try {
    const history = open();
    const [one] = await history.append(numbered(1));
    expect(one?.createdAt).toEqual(new Date(date));
    await history.clear();
    expect(await history.getMessages()).toEqual([]);
    await history.addUserMessage("after");
    expect(texts(await history.getMessages())).toEqual(["after"]);
  } finally {
    vi.useRealTimers();
  }
});
