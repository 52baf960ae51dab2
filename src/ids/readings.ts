import { performance } from "node:perf_hooks";
import { LATEST_MICROS } from "./timeuuid.ts";

/*
 * Tests of applications replace clocks. Fake timers replace the global `Date` and `performance`; spies replace single methods
 * of the real objects. A replacement may return anything, or throw. So each source is looked up and checked at each reading.
 * `performance` is imported: fake timers put an object in the global's place whose `timeOrigin` is a function.
 */

/** A day before the latest id: what is made after this reading, however fast, is before that. */
const LATEST_MILLIS = LATEST_MICROS / 1000 - 86_400_000;

/** For a moment in which the global is a double that makes no dates. */
const ImportedDate = Date;

/** What one reading keeps for the next one. That one checks it before use. */
export interface ClockOffset {
  /** Microseconds from the steady clock to the system clock. */
  offset: number;
}

/**
 * Milliseconds since 1970 by the system clock: a whole number above 0. Undefined where no source tells them.
 *
 * A test that replaces `Date.now` leaves `new Date()` as it is. One that replaces `Date` leaves `performance` as it is.
 */
export function readSystemMillis(): number | undefined {
  return readMillis(dateNow) ?? readMillis(newDate) ?? readMillis(originAndSteady);
}

/**
 * Microseconds since 1970 by the system clock. Undefined where no source tells them.
 *
 * The system clock gives the millisecond, and the steady clock the microsecond within it. So the result follows a step of the
 * system clock at once, and a slow adjustment (NTP) when the next millisecond begins.
 */
export function readSystemMicros(clock: ClockOffset): number | undefined {
  const millis = readSystemMillis();
  if (millis === undefined) return undefined;
  const earliest = millis * 1000;
  const steady = readNumber(steadyNow);
  if (Number.isNaN(steady)) return earliest;
  const guess = Math.floor(steady * 1000 + clock.offset);
  if (guess >= earliest && guess < earliest + 1000) return guess;
  const micros = correctGuess(guess, earliest, steady);
  clock.offset = micros - steady * 1000;
  return micros;
}

/** Where the two clocks differ by less, the system clock is being adjusted. Where they differ by more, it made a step. */
const STEP_MICROS = 1000;

/** A microsecond in the millisecond that begins at `earliest`. */
function correctGuess(guess: number, earliest: number, steady: number): number {
  const latest = earliest + 999;
  if (guess > latest && guess <= latest + STEP_MICROS) return latest;
  if (guess < earliest && guess >= earliest - STEP_MICROS) return earliest;
  // The time since the process started does not use the stored offset. A fake clock may have spoilt that offset.
  const sinceStart = Math.floor((readNumber(timeOrigin) + steady) * 1000);
  return sinceStart >= earliest && sinceStart <= latest ? sinceStart : earliest;
}

/** Milliseconds of the steady clock. NaN where it tells none: every comparison with that is false. */
export function readSteadyMillis(): number {
  return readNumber(steadyNow);
}

/** A date of this time. */
export function toDate(millis: number): Date {
  return makeDate(() => Date, millis) ?? new ImportedDate(millis);
}

function makeDate(source: () => DateConstructor, millis: number): Date | undefined {
  try {
    const date = new (source())(millis);
    return date.getTime() === millis ? date : undefined;
  } catch {
    return undefined;
  }
}

/** A whole number of milliseconds; undefined where the source has none. */
function readMillis(source: () => unknown): number | undefined {
  const millis = readNumber(source);
  return Number.isSafeInteger(millis) && millis > 0 ? millis : undefined;
}

function dateNow(): unknown {
  return Date.now();
}

function newDate(): unknown {
  // biome-ignore lint/complexity/useDateNow: this is what is left where a double stands in place of Date.now.
  return new Date().getTime();
}

function originAndSteady(): number {
  return Math.floor(readNumber(timeOrigin) + readNumber(steadyNow));
}

/** Milliseconds since 1970 at which the process started. */
function timeOrigin(): unknown {
  return performance.timeOrigin;
}

/** Milliseconds since the process started, with fractions. Nothing sets this clock. */
function steadyNow(): unknown {
  return performance.now();
}

/** NaN where the source throws, or gives anything but a number from 0 to the year 2223. */
function readNumber(source: () => unknown): number {
  try {
    const value = source();
    return typeof value === "number" && value >= 0 && value <= LATEST_MILLIS ? value : Number.NaN;
  } catch {
    return Number.NaN;
  }
}
