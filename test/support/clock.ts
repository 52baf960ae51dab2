import process from "node:process";
import { onTestFinished, vi } from "vitest";

/** The key under which all copies of the library in this process find their clock. */
export const CLOCK: symbol = Symbol.for("langchain-cassandra-history.clock.v2");

const realNow = Date.now;

/** Removes the clock that all copies of the library in this process share: the next call makes a new one. */
export function forgetClock(): void {
  for (const holder of [globalThis, process]) Reflect.deleteProperty(holder, CLOCK);
}

/** Makes this process stand for another one, which knows no ids yet and whose clock is off by so many milliseconds. */
export function startClockAnew(offset: number): void {
  vi.spyOn(Date, "now").mockImplementation(() => realNow() + offset);
  forgetClock();
  onTestFinished(() => {
    vi.restoreAllMocks();
    forgetClock();
  });
}
