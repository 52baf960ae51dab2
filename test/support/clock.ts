import { onTestFinished, vi } from "vitest";

const realNow = Date.now;

/** Removes the clock that all copies of the library in this process share: the next call makes a new one. */
export function forgetClock(): void {
  for (const key of Object.getOwnPropertySymbols(globalThis)) {
    if (key.description?.startsWith("langchain-cassandra-history.clock")) Reflect.deleteProperty(globalThis, key);
  }
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
