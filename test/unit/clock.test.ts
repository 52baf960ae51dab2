import { types } from "cassandra-driver";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { compareIds, idDate, idMicros, isTimeUuid, nextMicros, SessionClock } from "../../src/ids/clock.ts";
import { runs } from "../support/runs.ts";

afterEach(() => {
  vi.useRealTimers();
  // A test may have moved the process's clock by days.
  Reflect.deleteProperty(globalThis, Symbol.for("langchain-cassandra-history.clock.v1"));
});

/** Cassandra's own comparison, as its server does it: by time, then by the last eight bytes as signed ones. */
function cassandraCompare(a: string, b: string): number {
  const [bytesA, bytesB] = [a, b].map((id) => types.TimeUuid.fromString(id).getBuffer());
  const key = (bytes: Buffer): Buffer =>
    Buffer.concat([
      bytes.subarray(6, 8),
      bytes.subarray(4, 6),
      bytes.subarray(0, 4),
      bytes.subarray(8).map((byte) => byte ^ 0x80),
    ]);
  if (bytesA === undefined || bytesB === undefined) throw new Error("two ids");
  return Buffer.compare(key(bytesA), key(bytesB));
}

function expectAscending(ids: readonly string[]): void {
  const isDescent = (id: string, at: number): boolean => at > 0 && cassandraCompare(ids[at - 1] ?? id, id) !== -1;
  expect(ids.findIndex(isDescent)).toBe(-1);
}

let session = 0;
const newClock = (): SessionClock => new SessionClock(`session ${session++}`);

test("ids are version 1 UUIDs of now, in the driver's eyes too", () => {
  const before = Date.now();
  const id = newClock().nextId();
  const parsed = types.TimeUuid.fromString(id);
  expect(isTimeUuid(id)).toBe(true);
  expect(parsed.toString()).toBe(id);
  expect(parsed.getDate()).toEqual(idDate(id));
  expect(idDate(id).getTime()).toBeGreaterThanOrEqual(before);
  expect(idDate(id).getTime()).toBeLessThanOrEqual(Date.now() + 1);
  expect(parsed.getBuffer().readUInt8(8) >> 6).toBe(0b10);
  expect(parsed.getBuffer().readUInt8(10) & 1).toBe(1);
});

test("an id's microsecond is exact, to the year 2223", () => {
  const tick = fc.bigInt({ min: 0n, max: 80_000_000_000_000_000n });
  fc.assert(
    fc.property(tick, (ticks) => {
      // 100 ns intervals since 1970, as RFC 9562 lays them out since 1582.
      const hex = (ticks + 0x01b21dd213814000n).toString(16).padStart(15, "0");
      const id = `${hex.slice(7)}-${hex.slice(3, 7)}-1${hex.slice(0, 3)}-8000-010203040506`;
      expect(idMicros(id)).toBe(Number(ticks / 10n));
      expect(idMicros(id.toUpperCase())).toBe(idMicros(id));
    }),
    runs(1000),
  );
});

test("ids of several sessions in one tight loop are unique and ascend", () => {
  const clocks = Array.from({ length: 5 }, newClock);
  const ids = Array.from({ length: runs(20_000).numRuns }, (_, at) => clocks[at % 5]?.nextId() ?? "");
  expect(new Set(ids).size).toBe(ids.length);
  expectAscending(ids);
});

test("ids ascend and times never repeat, whatever the system clock does and whatever is read", () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const step = fc.oneof(
    fc.record({ jump: fc.integer({ min: -10_000_000, max: 10_000_000 }) }),
    fc.record({ observe: fc.integer({ min: -100_000, max: 100_000 }), in: fc.nat({ max: 2 }) }),
    fc.record({ add: fc.nat({ max: 2 }) }),
    fc.constant("write" as const),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const clocks = [newClock(), newClock(), newClock()];
      const given: string[][] = [[], [], []];
      const seen: (string | undefined)[] = [];
      const micros = [nextMicros()];
      for (const one of steps) {
        if (one === "write") micros.push(nextMicros());
        else if ("jump" in one) vi.setSystemTime(Math.max(0, Date.now() + one.jump));
        else if ("observe" in one) {
          const id = types.TimeUuid.fromDate(new Date(Date.now() + one.observe), 1234).toString();
          clocks[one.in]?.observe(id);
          const highest = seen[one.in];
          if (highest === undefined || cassandraCompare(highest, id) < 0) seen[one.in] = id;
        } else {
          const id = clocks[one.add]?.nextId() ?? "";
          const highest = seen[one.add];
          if (highest !== undefined) expect(cassandraCompare(highest, id)).toBe(-1);
          given[one.add]?.push(id);
        }
      }
      for (const ids of given) expectAscending(ids);
      expect(new Set(given.flat()).size).toBe(given.flat().length);
      for (const [at, tick] of micros.entries()) if (at > 0) expect(tick).toBeGreaterThan(micros[at - 1] ?? 0);
    }),
    runs(5000),
  );
});

test("an id that was read when the clock was right stays below, when the clock is then set back", () => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 3_600_000 });
  const clock = newClock();
  const read = types.TimeUuid.fromDate(new Date(Date.now() - 10)).toString();
  clock.observe(read);
  vi.setSystemTime(Date.now() - 1_800_000);
  expect(cassandraCompare(read, clock.nextId())).toBe(-1);
});

test("what is read in one session moves neither another's ids nor write times, and only until the clock has passed it", () => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
  const [skewed, other] = [newClock(), newClock()];
  const ahead = new Date(Date.now() + 600_000);
  skewed.observe(types.TimeUuid.fromDate(ahead).toString());
  expect(idDate(skewed.nextId())).toEqual(ahead);
  expect(idDate(other.nextId()).getTime()).toBeLessThan(Date.now() + 1000);
  expect(nextMicros()).toBeLessThan((Date.now() + 1000) * 1000);
  vi.setSystemTime(Date.now() + 601_000);
  expect(idDate(skewed.nextId()).getTime()).toBeLessThan(Date.now() + 1000);
});

test("an id of a time that no clock tells does not break the ids after it", () => {
  const clock = newClock();
  for (const id of ["ffffffff-ffff-1fff-bfff-ffffffffffff", "00000000-0000-1800-8000-000000000000"]) {
    clock.observe(id);
    const ids = Array.from({ length: 3 }, () => clock.nextId());
    expect(ids.every(isTimeUuid)).toBe(true);
    expectAscending(ids);
  }
});

test("two sessions that run ahead of the same clock never make the same id", () => {
  const [one, other] = [newClock(), newClock()];
  const ahead = types.TimeUuid.fromDate(new Date(Date.now() + 600_000)).toString();
  one.observe(ahead);
  other.observe(ahead);
  expect(one.nextId()).not.toBe(other.nextId());
});

test("time goes on inside a millisecond, and follows the system clock at once", () => {
  vi.useFakeTimers({ toFake: ["Date", "performance"], now: Date.now() + 10_000 });
  const first = nextMicros();
  vi.advanceTimersByTime(5);
  expect(nextMicros() - first).toBeGreaterThanOrEqual(4000);
  expect(nextMicros() - first).toBeLessThan(7000);
});

test("microseconds advance with real time between two ticks of Date.now()", async () => {
  const micros = Array.from({ length: 50_000 }, nextMicros);
  const elapsed = (micros.at(-1) ?? 0) - (micros[0] ?? 0);
  // Were only milliseconds read, the low digits would count ids and not time.
  const residues = new Set(micros.map((tick) => Math.floor((tick % 1000) / 100)));
  expect(elapsed).toBeGreaterThan(1000);
  expect(residues.size).toBe(10);
});

test("a second copy of the library in the process shares the clock", async () => {
  vi.resetModules();
  const copy = await import("../../src/ids/clock.ts");
  expect(copy.nextMicros).not.toBe(nextMicros);
  const ticks = Array.from({ length: 1000 }, (_, at) => (at % 2 === 0 ? nextMicros() : copy.nextMicros()));
  expect(ticks).toEqual([...new Set(ticks)].sort((a, b) => a - b));
});

test.each([
  ["0b2f6400-c9ad-11f0-8000-010203040506", true],
  ["0B2F6400-C9AD-11F0-8000-010203040506", true],
  [" 0b2f6400-c9ad-11f0-8000-010203040506", false],
  ["0b2f6400-c9ad-11f0-8000-010203040506 ", false],
  ["0b2f6400-c9ad-41f0-8000-010203040506", false],
  ["0b2f6400c9ad11f08000010203040506", false],
])("whether %o is a timeuuid", (text, is) => {
  expect(isTimeUuid(text)).toBe(is);
});

describe("on clocks that the test sets", () => {
  const SHARED = Symbol.for("langchain-cassandra-history.clock.v1");
  const START = 1_700_000_000_000;
  const floors = (): Map<string, number> => Reflect.get(globalThis, SHARED).floors;

  /** The system clock, in milliseconds after the start, and the steady clock. */
  function setClocks(system: number, steady: number): void {
    vi.spyOn(Date, "now").mockReturnValue(START + system);
    vi.spyOn(performance, "now").mockReturnValue(steady);
  }

  /** An id of so many microseconds after the start, the last of all such in Cassandra's order. */
  function lastIdAt(micros: number): string {
    const time = (BigInt(START * 1000 + micros) * 10n + 0x01b21dd213814000n).toString(16).padStart(15, "0");
    return `${time.slice(7)}-${time.slice(3, 7)}-1${time.slice(0, 3)}-7f7f-7f7f7f7f7f7f`;
  }

  beforeEach(() => {
    Reflect.deleteProperty(globalThis, SHARED);
    Object.defineProperty(performance, "timeOrigin", { value: START, configurable: true });
    setClocks(0, 0.25);
  });

  afterEach(() => {
    Reflect.deleteProperty(performance, "timeOrigin");
    vi.restoreAllMocks();
  });

  const tick = (): number => nextMicros() - START * 1000;

  test("the millisecond is the system clock's, and where in it we are the steady clock's", () => {
    expect(tick()).toBe(250);
    setClocks(1000, 0.5);
    expect(tick()).toBe(1_000_000);
    setClocks(1000, 0.75);
    expect(tick()).toBe(1_000_250);
    setClocks(1000, 2);
    expect(tick()).toBe(1_000_999);
    setClocks(1001, 2.1);
    expect(tick()).toBe(1_001_099);
    setClocks(0, 2.2);
    expect(tick()).toBe(1_001_100);
  });

  test("the clock that reaches what was read does not stand in its way", () => {
    const clock = new SessionClock("s");
    clock.observe(lastIdAt(5250));
    setClocks(5, 5.25);
    const id = clock.nextId();
    expect(cassandraCompare(lastIdAt(5250), id)).toBe(-1);
    expect(idMicros(id) - START * 1000).toBe(5251);
    setClocks(9, 9.5);
    expect(idMicros(clock.nextId()) - START * 1000).toBe(9500);
    expect(floors().size).toBe(0);
  });

  test("what the process wrote itself, or another one before, raises nothing", () => {
    const clock = new SessionClock("s");
    const own = clock.nextId();
    clock.observe(own);
    clock.observe(lastIdAt(-1));
    expect(floors().size).toBe(0);
  });

  test("what no clock tells raises nothing", () => {
    new SessionClock("s").observe(lastIdAt(8e15 - START * 1000 + 1));
    expect(floors().size).toBe(0);
    new SessionClock("s").observe(lastIdAt(8e15 - START * 1000));
    expect(floors().size).toBe(1);
  });

  test("many sessions that ran ahead are forgotten once the clock has passed them, the others are not", () => {
    const ahead = new SessionClock("ahead");
    ahead.observe(lastIdAt(60_000_000));
    for (let at = 1; at < 1023; at += 1) new SessionClock(`passed ${at}`).observe(lastIdAt(10_000_000));
    setClocks(20_000, 20_000);
    new SessionClock("one more").observe(lastIdAt(60_000_000));
    expect(floors().size).toBe(1024);
    new SessionClock("yet one").observe(lastIdAt(60_000_000));
    expect([...floors().keys()]).toEqual(["ahead", "one more", "yet one"]);
    expect(cassandraCompare(lastIdAt(60_000_000), ahead.nextId())).toBe(-1);
  });
});

describe("comparing ids", () => {
  // Few bytes, so that two ids often differ only in their last ones, and in the sign of those.
  const byte = fc.constantFrom("00", "01", "7f", "80", "ff");
  const anyId = fc
    .tuple(fc.constantFrom("0b2f6400", "0b2f6401"), fc.array(byte, { minLength: 4, maxLength: 4 }))
    .map(([low, [a, b, c, d]]) => `${low}-c9ad-11f0-${a}${a}-${b}${b}${b}${c}${c}${d}`);

  test("is Cassandra's order", () => {
    fc.assert(
      fc.property(anyId, anyId, (a, b) => {
        expect(Math.sign(compareIds(a, b))).toBe(cassandraCompare(a, b));
      }),
    );
  });

  test("each of the last bytes as signed", () => {
    const signs = ["7f", "00", "ff", "80"].map((one) => `0b2f6400-c9ad-11f0-8000-0102030405${one}`);
    const sorted = [...signs].sort(compareIds);
    expect(sorted.map((id) => id.slice(-2))).toEqual(["80", "ff", "00", "7f"]);
    expect(compareIds(signs[0] ?? "", signs[0] ?? "")).toBe(0);
  });

  test("by microsecond", () => {
    const id = types.TimeUuid.fromDate(new Date(1_700_000_000_123), 4567).toString();
    expect(idMicros(id)).toBe(1_700_000_000_123_456);
  });
});
