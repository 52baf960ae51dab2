import process from "node:process";
import { types } from "cassandra-driver";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { SessionClock } from "../../../src/ids/clock.ts";
import { MOST_SESSIONS, type SessionMemory } from "../../../src/ids/session-memory.ts";
import { idMicros, idMillis, isTimeUuid, LATEST_MICROS } from "../../../src/ids/timeuuid.ts";
import { CLOCK, forgetClock } from "../../support/clock.ts";
import { runs } from "../../support/runs.ts";
import { cassandraCompare, expectAscending, lastIdAt } from "../../support/timeuuid.ts";

const realNow = Date.now;
const DAY = 86_400_000;

beforeEach(forgetClock);

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  forgetClock();
});

let session = 0;
const newClock = (): SessionClock => new SessionClock("keyspace", "table", `session ${session++}`);
const nextId = (clock: SessionClock): string => clock.nextIds(1)[0] ?? "";
const memory = (): SessionMemory => Reflect.get(globalThis, CLOCK).memory;

/** The system clock stands at this time until it is set again. */
function setClock(millis: number): void {
  vi.spyOn(Date, "now").mockReturnValue(millis);
}

/** The process knows as many other sessions as it can but for so many, all ahead of everything. */
function fillMemory(room: number): void {
  for (let at = 0; at < MOST_SESSIONS - room; at += 1) newClock().observe(lastIdAt(7e15 + at));
}

test("ids are version 1 UUIDs of now, in the driver's eyes too", () => {
  const before = Date.now();
  const id = nextId(newClock());
  const parsed = types.TimeUuid.fromString(id);
  expect(isTimeUuid(id)).toBe(true);
  expect(parsed.toString()).toBe(id);
  expect(parsed.getDate().getTime()).toBe(idMillis(id));
  expect(idMillis(id)).toBeGreaterThanOrEqual(before);
  expect(idMillis(id)).toBeLessThanOrEqual(Date.now() + 1);
  expect(parsed.getBuffer().readUInt8(8) >> 6).toBe(0b10);
  expect(parsed.getBuffer().readUInt8(10) & 1).toBe(1);
});

test("ids of several sessions in one tight loop are unique and ascend", () => {
  const clocks = Array.from({ length: 5 }, newClock);
  const ids = Array.from({ length: runs(20_000).numRuns }, (_, at) => nextId(clocks[at % 5] ?? newClock()));
  expect(new Set(ids).size).toBe(ids.length);
  expectAscending(ids);
});

describe("whatever the clock does", () => {
  type Step =
    | { readonly jump: number }
    | { readonly nonsense: boolean }
    | { readonly read: number; readonly in: number }
    | { readonly add: number; readonly count: number }
    | { readonly delete: number };
  const within = (most: number): fc.Arbitrary<number> => fc.integer({ min: -most, max: most });
  const SESSIONS = 4;
  const aSession = fc.nat({ max: SESSIONS - 1 });
  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.record({ jump: fc.oneof(within(3), within(5000), within(3 * DAY)) }),
    fc.record({ nonsense: fc.boolean() }),
    fc.record({ read: fc.oneof(within(100), within(DAY)), in: aSession }),
    fc.record({ add: aSession, count: fc.integer({ min: 1, max: 3 }) }),
    fc.record({ delete: aSession }),
  );

  /** Runs the steps, each on a history of its own, and checks each id and write time as it is made. */
  function runSteps(steps: readonly Step[], mayForget: boolean): void {
    let [now, isBroken, made] = [realNow(), false, 0];
    vi.spyOn(Date, "now").mockImplementation(() => (isBroken ? Number.NaN : now));
    const names = Array.from({ length: SESSIONS }, () => `session ${session++}`);
    const rows: string[][] = names.map(() => []);
    const deletes: number[][] = names.map(() => []);
    const all = new Set<string>();
    // Where Date.now() is none, new Date() tells the real time.
    const latest = (): number => (Math.max(isBroken ? realNow() : now) + 1) * 1000 + made;
    const newestOf = (at: number): string | undefined => rows[at]?.toSorted(cassandraCompare).at(-1);

    const add = (at: number, count: number): void => {
      const clock = new SessionClock("k", "t", names[at] ?? "");
      const newest = newestOf(at);
      const mustRead = clock.mustReadNewest();
      if (!mayForget) expect(mustRead).toBe(false);
      const ids = clock.nextIds(count, mustRead ? newest : undefined);
      made += count;
      expectAscending(newest === undefined ? ids : [newest, ...ids]);
      for (const id of ids) {
        expect(all.has(id)).toBe(false);
        all.add(id);
        // Dated by the clock as it is now, or just after what the session has.
        expect(idMicros(id)).toBeLessThan(Math.max(latest(), newest === undefined ? 0 : idMicros(newest) + 1 + count));
      }
      rows[at]?.push(...ids);
      checkWrite(clock, at);
    };

    const checkWrite = (clock: SessionClock, at: number): void => {
      const time = clock.writeTime();
      made += 1;
      expect(Number.isSafeInteger(time)).toBe(true);
      expect(time).toBeGreaterThan(Math.max(0, ...(deletes[at] ?? [])));
      const own = mayForget ? deletes.flat() : (deletes[at] ?? []);
      expect(time).toBeLessThanOrEqual(Math.max(latest(), ...own.map((one) => one + 1)));
    };

    for (const one of steps) {
      if ("jump" in one) now += one.jump;
      else if ("nonsense" in one) isBroken = one.nonsense;
      else if ("add" in one) add(one.add, one.count);
      else if ("read" in one) {
        const id = lastIdAt((now + one.read) * 1000);
        const clock = new SessionClock("k", "t", names[one.in] ?? "");
        clock.observe(one.read % 2 === 0 ? id : types.TimeUuid.fromString(id).getBuffer());
        rows[one.in]?.push(id);
        all.add(id);
      } else {
        const time = new SessionClock("k", "t", names[one.delete] ?? "").deleteTime();
        made += 1;
        expect(time).toBeLessThanOrEqual(latest());
        deletes[one.delete]?.push(time);
      }
    }
    if (all.size > 0) expect(memory().sessions.size).toBeLessThanOrEqual(MOST_SESSIONS);
  }

  test("a session's ids ascend, its adds are dated after its deletes, and no session is moved by another", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        forgetClock();
        runSteps(steps, false);
      }),
      runs(3000),
    );
  });

  test.each([0, 1, 2])("the same where sessions are forgotten, but for %i of them", (room) => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        forgetClock();
        fillMemory(room);
        runSteps(steps, true);
      }),
      runs(60),
    );
  });
});

test("a step that is taken back leaves other sessions, and later sessions, on the clock as it is", () => {
  const [during, before] = [newClock(), newClock()];
  nextId(before);
  setClock(realNow() + DAY);
  nextId(during);
  const deleted = during.deleteTime();
  vi.restoreAllMocks();
  for (const clock of [before, newClock()]) {
    const limit = (realNow() + 1) * 1000;
    expect(idMicros(nextId(clock))).toBeLessThan(limit + 1000);
    expect(clock.writeTime()).toBeLessThan(limit + 1000);
    expect(clock.deleteTime()).toBeLessThan(limit + 1000);
  }
  expect(during.writeTime()).toBeGreaterThan(deleted);
  // A delete is the clock's, in the session of the step too: what others add by a right clock survives it.
  expect(during.deleteTime()).toBeLessThan((realNow() + 2) * 1000);
});

test("a step back renews the random bytes of new ids, a step ahead does not", () => {
  const tail = (): string => nextId(newClock()).slice(19);
  const first = tail();
  const ahead = realNow() + DAY;
  setClock(ahead);
  expect(tail()).toBe(first);
  setClock(ahead - DAY);
  const second = tail();
  expect(second).not.toBe(first);
  setClock(ahead - DAY - 1);
  expect(tail()).not.toBe(second);
});

test("two sessions that are ahead of the clock never make the same id", () => {
  const [one, other] = [newClock(), newClock()];
  const ahead = lastIdAt((Date.now() + 600_000) * 1000);
  one.observe(ahead);
  other.observe(ahead);
  const ids = [...one.nextIds(2), ...other.nextIds(2)];
  expect(new Set(ids).size).toBe(4);
  expect(ids.map(idMicros)).toEqual([1, 2, 1, 2].map((more) => idMicros(ahead) + more));
});

test("a session is ahead only until the clock has passed it", () => {
  const clock = newClock();
  const ahead = realNow() + 600_000;
  clock.observe(lastIdAt(ahead * 1000));
  expect(idMillis(nextId(clock))).toBe(ahead);
  setClock(ahead + 1000);
  expect(idMillis(nextId(clock))).toBe(ahead + 1000);
});

test("what no clock tells counts for nothing", () => {
  const clock = newClock();
  for (const id of ["ffffffff-ffff-1fff-bfff-ffffffffffff", "00000000-0000-1800-8000-000000000000"]) {
    clock.observe(id);
    const ids = clock.nextIds(3, id);
    expect(ids.every(isTimeUuid)).toBe(true);
    expectAscending(ids);
    expect(idMicros(ids[0] ?? "")).toBeLessThan((realNow() + 2) * 1000);
  }
  clock.observe(lastIdAt(LATEST_MICROS));
  expect(idMicros(nextId(clock))).toBe(LATEST_MICROS + 1);
});

test.each([8e12, 8e12 - 1, 8e12 - 86_400_000])(
  "a clock at the end of the time that ids can have, at %i, leaves nothing behind",
  (millis) => {
    const clock = newClock();
    setClock(millis);
    const ids = clock.nextIds(5000);
    const deleted = clock.deleteTime();
    setClock(realNow());
    expectAscending([...ids, ...clock.nextIds(1)]);
    expect(clock.writeTime()).toBeGreaterThan(deleted);
  },
);

test("time goes on inside a millisecond, and follows the system clock at once", () => {
  vi.useFakeTimers({ toFake: ["Date", "performance"], now: Date.now() + 10_000 });
  const clock = newClock();
  const first = clock.writeTime();
  vi.advanceTimersByTime(5);
  expect(clock.writeTime() - first).toBeGreaterThanOrEqual(4000);
  expect(clock.writeTime() - first).toBeLessThan(7000);
});

test("microseconds advance with real time between two ticks of Date.now()", () => {
  const clock = newClock();
  const micros = Array.from({ length: 50_000 }, () => clock.writeTime());
  const elapsed = (micros.at(-1) ?? 0) - (micros[0] ?? 0);
  // Were only milliseconds read, the low digits would count ids and not time.
  const residues = new Set(micros.map((tick) => Math.floor((tick % 1000) / 100)));
  expect(elapsed).toBeGreaterThan(1000);
  expect(residues.size).toBe(10);
});

test("where no source tells the time, a call fails, nothing of it is remembered, and a read does without", () => {
  const clock = newClock();
  clock.observe(lastIdAt((realNow() + 60_000) * 1000));
  vi.stubGlobal("Date", undefined);
  vi.spyOn(performance, "now").mockReturnValue(Number.NaN);
  for (const call of [() => clock.nextIds(1), () => clock.writeTime(), () => clock.deleteTime(), () => clock.now()]) {
    expect(call).toThrow(expect.objectContaining({ code: "WRITE_FAILED", written: [] }));
  }
  const other = newClock();
  expect(() => other.deleteTime()).toThrow("tells no time");
  const read = (realNow() + 60_001) * 1000;
  clock.observe(lastIdAt(read));
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  expect(memory().sessions.size).toBe(1);
  expect(idMicros(nextId(clock))).toBe(read + 1);
});

describe("sessions that are remembered", () => {
  test("have their key shortened where it is long, and are told apart by each of its parts", () => {
    const long = "x".repeat(65_535);
    const clocks = [
      ["k", "t", `${long}a`],
      ["k", "t", `${long}b`],
      ["k", "ta", long],
      ["kt", "a", long],
      ["k", "t\ufffda", "b"],
      ["k", "t", "a\ufffdb"],
    ].map((names) => new SessionClock(...names));
    for (const clock of clocks) nextId(clock);
    const keys = [...memory().sessions.keys()];
    expect(keys).toHaveLength(clocks.length);
    for (const key of keys) expect(key.length).toBeLessThanOrEqual(128);
    clocks[0]?.observe(lastIdAt((realNow() + DAY) * 1000));
    const again = new SessionClock("k", "t", `${long}a`);
    expect(idMillis(nextId(again))).toBeGreaterThanOrEqual(realNow() + DAY - 1000);
    expect(idMillis(nextId(clocks[1] ?? again))).toBeLessThanOrEqual(realNow() + 1);
  });

  test("need no look, nor does any while the clock is not behind one that was forgotten", () => {
    const clock = newClock();
    nextId(clock);
    setClock(realNow() - 60_000);
    expect([clock.mustReadNewest(), newClock().mustReadNewest()]).toEqual([false, false]);
    vi.restoreAllMocks();
    for (let at = 0; at < MOST_SESSIONS + 5; at += 1) nextId(newClock());
    expect([clock.mustReadNewest(), newClock().mustReadNewest()]).toEqual([false, false]);
    expect(memory().forgottenId).toBeGreaterThan(0);
  });

  test("are the 10,000 that are most ahead: after a step back the others have to be looked up, until the clock has passed them", () => {
    const forgotten = newClock();
    const last = nextId(forgotten);
    const kept = Array.from({ length: MOST_SESSIONS }, () => {
      const clock = newClock();
      nextId(clock);
      return clock;
    });
    setClock(realNow() - 60_000);
    expect(kept.filter((clock) => clock.mustReadNewest())).toEqual([]);
    expect([forgotten.mustReadNewest(), newClock().mustReadNewest()]).toEqual([true, true]);
    // A history made later knows nothing of the session but what it reads.
    expect(cassandraCompare(last, nextId(forgotten))).toBe(-1);
    setClock(realNow() + 1);
    expect(newClock().mustReadNewest()).toBe(false);
  });

  test("where one is forgotten, adds to unknown sessions are dated after its delete", () => {
    const cleared = newClock();
    setClock(realNow() + DAY);
    const deleted = cleared.deleteTime();
    vi.restoreAllMocks();
    fillMemory(0);
    expect(memory().forgottenDelete).toBe(deleted);
    for (const clock of [cleared, newClock()]) expect(clock.writeTime()).toBe(deleted + 1);
    expect(cleared.mustReadNewest()).toBe(false);
    setClock(realNow() + 2 * DAY);
    expect(newClock().writeTime()).toBeGreaterThan(deleted + 1);
  });

  test("a delete does not make known which ids a forgotten session has, nor does an older page", () => {
    const clock = newClock();
    const newest = lastIdAt((realNow() + DAY) * 1000);
    clock.observe(newest);
    fillMemory(0);
    // Another history of the same session.
    const again = new SessionClock("keyspace", "table", `session ${session - 1 - MOST_SESSIONS}`);
    expect(again.mustReadNewest()).toBe(true);
    again.observe(lastIdAt((realNow() - DAY) * 1000));
    again.deleteTime();
    expect(again.mustReadNewest()).toBe(true);
    expectAscending([newest, ...again.nextIds(2, newest)]);
  });

  test("what a history was given is before what it adds, though the session may be one that was forgotten", () => {
    fillMemory(0);
    newClock().observe(lastIdAt((realNow() + 3 * DAY) * 1000));
    expect(memory().forgottenId).toBeGreaterThan((realNow() + DAY) * 1000);
    const clock = newClock();
    const given = lastIdAt((realNow() + DAY) * 1000);
    clock.observe(given);
    expect(clock.mustReadNewest()).toBe(true);
    expectAscending([given, ...clock.nextIds(2)]);
  });

  test("an add that is on its way is known to its own history, though the session was forgotten since", () => {
    fillMemory(0);
    const clock = newClock();
    const newest = lastIdAt(6e15);
    const first = clock.nextIds(2, newest);
    expect(memory().forgottenId).toBe(6e15 + 2);
    expectAscending([newest, ...first, ...clock.nextIds(2, newest)]);
  });

  test("cost the same, however many were read before", () => {
    const read = (from: number): number => {
      const began = process.cpuUsage();
      for (let at = from; at < from + 4000; at += 1) newClock().observe(lastIdAt((realNow() + 3_600_000) * 1000 + at));
      const { user, system } = process.cpuUsage(began);
      return user + system;
    };
    read(0);
    const first = read(4000);
    read(8000);
    read(12_000);
    const last = read(16_000);
    // A read of a session costs 200 µs or so: what is kept of it must not be seen in that.
    expect((last - first) / 4000).toBeLessThan(20);
    expect(memory().sessions.size).toBe(MOST_SESSIONS);
  });
});

describe("the state of the process", () => {
  async function secondCopy(): Promise<typeof import("../../../src/ids/clock.ts")> {
    vi.resetModules();
    return import("../../../src/ids/clock.ts");
  }

  test("is shared by a second copy of the library", async () => {
    const copy = await secondCopy();
    expect(copy.SessionClock).not.toBe(SessionClock);
    const [one, other] = [newClock(), new copy.SessionClock("keyspace", "table", `session ${session - 1}`)];
    const ids = Array.from({ length: 1000 }, (_, at) => (at % 2 === 0 ? one : other).nextIds(1)[0] ?? "");
    expectAscending(ids);
    expect(new Set(ids.map((id) => id.slice(19))).size).toBe(1);
    const deleted = one.deleteTime();
    setClock(realNow() - DAY);
    expect(other.writeTime()).toBe(deleted + 1);
  });

  test("is replaced where it is none", () => {
    const garbage = fc.oneof(fc.anything(), fc.constant(Object.freeze({})), fc.constant("not-a-tail-at-all"));
    const fields = fc.constantFrom("offset", "millis", "lastId", "lastWrite", "tail", "memory");
    fc.assert(
      fc.property(fields, garbage, garbage, (field, value, holder) => {
        forgetClock();
        nextId(newClock());
        const state = Reflect.get(globalThis, CLOCK);
        if (!isOfItsKind(field, value)) {
          state[field] = value;
          Reflect.set(process, CLOCK, holder);
          expectWorks();
          expect(Reflect.get(globalThis, CLOCK)).not.toBe(state);
        }
        for (const whole of [value, Object.freeze({ ...state })]) {
          Reflect.set(globalThis, CLOCK, whole);
          expectWorks();
        }
      }),
      runs(300),
    );
  });

  /** A number in the place of a time may be one. Any offset is corrected by the next reading. */
  function isOfItsKind(field: string, value: unknown): boolean {
    if (typeof value !== "number" || !Number.isFinite(value)) return false;
    return (
      field === "offset" || (["millis", "lastId", "lastWrite"].includes(field) && Math.abs(value) <= LATEST_MICROS)
    );
  }

  function expectWorks(): void {
    const clock = newClock();
    const ids = clock.nextIds(3);
    expectAscending(ids);
    expect(ids.every(isTimeUuid)).toBe(true);
    expect(Number.isSafeInteger(clock.writeTime())).toBe(true);
  }
});
