import { performance } from "node:perf_hooks";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { readSystemMicros, readSystemMillis } from "../../../src/ids/readings.ts";
import { runs } from "../../support/runs.ts";

const START = 1_700_000_000_000;

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.useRealTimers();
  Reflect.deleteProperty(performance, "timeOrigin");
});

function setOrigin(value: unknown): void {
  Object.defineProperty(performance, "timeOrigin", { value, configurable: true });
}

function setNow(target: { now(): number }, value: unknown): void {
  vi.spyOn(target, "now").mockImplementation(() => {
    if (value instanceof Error) throw value;
    return value as number;
  });
}

/** A `Date` whose ways to tell the time all give the same. */
function fakeDate(value: unknown): void {
  const give = (): number => {
    if (value instanceof Error) throw value;
    return value as number;
  };
  vi.stubGlobal(
    "Date",
    Object.assign(
      class {
        getTime = give;
      },
      { now: give },
    ),
  );
}

const nonsense: readonly (readonly [string, unknown])[] = [
  ["undefined", undefined],
  ["null", null],
  ["NaN", Number.NaN],
  ["infinite", Number.POSITIVE_INFINITY],
  ["negative", -5],
  ["far beyond the year 2223", 8_000_000_000_001],
  ["a text", "1700000000000"],
  ["a big integer", BigInt(START)],
  ["a function", () => START],
  ["an object", new Date(START)],
  ["an error that is thrown", new Error("a fake")],
];

/** A steady clock may well stand at 0, and between two milliseconds. */
const noMillis: readonly (readonly [string, unknown])[] = [...nonsense, ["0", 0], ["not whole", START + 0.5]];

describe("the system clock", () => {
  test.each(noMillis)("Date.now() is %s: new Date() tells the time", (_, value) => {
    const before = Date.now();
    setNow(Date, value);
    expect(readSystemMillis()).toBeGreaterThanOrEqual(before);
    expect(readSystemMillis()).toBeLessThanOrEqual(before + 1000);
  });

  test.each(noMillis)("all of Date is %s: the process's start and the steady clock tell the time", (_, value) => {
    setOrigin(START + 0.25);
    setNow(performance, 1000.5);
    fakeDate(value);
    expect(readSystemMillis()).toBe(START + 1000);
  });

  test("a Date that is missing", () => {
    setOrigin(START);
    setNow(performance, 7);
    vi.stubGlobal("Date", undefined);
    expect(readSystemMillis()).toBe(START + 7);
  });

  test.each(nonsense)("Date tells no time, and performance is %s: nobody tells it", (_, value) => {
    fakeDate(undefined);
    setOrigin(value);
    expect(readSystemMillis()).toBeUndefined();
    expect(readSystemMicros({ offset: 0 })).toBeUndefined();
    Reflect.deleteProperty(performance, "timeOrigin");
    setNow(performance, value);
    expect(readSystemMillis()).toBeUndefined();
  });

  test.each(["2020-01-01", "2030-01-01"])("fake timers that stand at %s are followed", (date) => {
    vi.useFakeTimers({ toFake: ["Date", "performance", "hrtime"], now: new Date(date) });
    const clock = { offset: 0 };
    expect(Math.floor((readSystemMicros(clock) ?? 0) / 1000)).toBe(Date.parse(date));
    vi.advanceTimersByTime(5);
    expect(Math.floor((readSystemMicros(clock) ?? 0) / 1000)).toBe(Date.parse(date) + 5);
  });
});

describe("the place in the millisecond", () => {
  const clock = { offset: 0 };
  const tick = (): number => (readSystemMicros(clock) ?? Number.NaN) - START * 1000;

  function setClocks(system: number, steady: number): void {
    setNow(Date, START + system);
    setNow(performance, steady);
  }

  beforeEach(() => {
    clock.offset = 0;
    setOrigin(START);
  });

  test("is the steady clock's, from the start of the process on", () => {
    setClocks(0, 0.25);
    expect(tick()).toBe(250);
    setClocks(1, 1.75);
    expect(tick()).toBe(1750);
  });

  test("follows a slow adjustment of the system clock at the edges", () => {
    setClocks(0, 0.25);
    tick();
    setClocks(1, 0.95);
    expect(tick()).toBe(1000);
    setClocks(1, 1.25);
    expect(tick()).toBe(1300);
    setClocks(1, 2.05);
    expect(tick()).toBe(1999);
    setClocks(2, 2.25);
    expect(tick()).toBe(2199);
  });

  test("begins at the millisecond after a step, and is the process's own again once the step is taken back", () => {
    setClocks(0, 0.25);
    tick();
    setClocks(86_400_000, 0.5);
    expect(tick()).toBe(86_400_000_000);
    setClocks(86_400_000, 0.75);
    expect(tick()).toBe(86_400_000_250);
    setClocks(0, 0.875);
    expect(tick()).toBe(875);
    setClocks(-86_400_000, 0.9);
    expect(tick()).toBe(-86_400_000_000);
  });

  test.each(nonsense)("performance.now() is %s: none is known, and the next reading is right", (_, value) => {
    setClocks(0, 0.25);
    tick();
    setNow(Date, START + 3);
    setNow(performance, value);
    expect(tick()).toBe(3000);
    setClocks(4, 4.5);
    expect(tick()).toBe(4500);
  });

  test.each(nonsense)("performance.timeOrigin is %s: the millisecond's begin is taken", (_, value) => {
    setOrigin(value);
    setClocks(3, 3.5);
    expect(tick()).toBe(3000);
    setClocks(3, 3.75);
    expect(tick()).toBe(3250);
  });
});

test("no sequence of doubles leads a reading out of its millisecond, or outlives the next sane one", () => {
  const anyValue = fc.oneof(
    fc.constantFrom(...nonsense.map(([, value]) => value)),
    fc.double(),
    fc.integer({ min: 1, max: 4e12 }),
  );
  const clock = { offset: 0 };
  fc.assert(
    fc.property(fc.array(fc.tuple(anyValue, anyValue, anyValue), { maxLength: 5 }), (moments) => {
      for (const [now, steady, origin] of moments) {
        setNow(Date, now);
        setNow(performance, steady);
        setOrigin(origin);
        const millis = readSystemMillis();
        const micros = readSystemMicros(clock);
        if (micros === undefined || millis === undefined) throw new Error("new Date() tells the time");
        expect(Number.isSafeInteger(micros)).toBe(true);
        expect(micros).toBeGreaterThan(0);
        if (now === millis) expect(Math.floor(micros / 1000)).toBe(now);
        expect(Number.isFinite(clock.offset)).toBe(true);
      }
      vi.restoreAllMocks();
      Reflect.deleteProperty(performance, "timeOrigin");
      const before = Date.now();
      const micros = readSystemMicros(clock) ?? 0;
      expect(micros).toBeGreaterThanOrEqual(before * 1000);
      expect(micros).toBeLessThan((Date.now() + 1) * 1000);
    }),
    runs(500),
  );
});
