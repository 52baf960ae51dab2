import { onTestFinished, vi } from "vitest";

/** What a process of this library shares, whichever build it runs. */
const CLOCK = Symbol.for("langchain-cassandra-history.clock.v1");

const realNow = Date.now;

/** From here on, this process has a new one's clock, which knows no other's ids and is off by as many milliseconds. */
export function startClockAnew(offset: number): void {
  vi.spyOn(Date, "now").mockImplementation(() => realNow() + offset);
  Reflect.deleteProperty(globalThis, CLOCK);
  onTestFinished(() => {
    vi.restoreAllMocks();
    Reflect.deleteProperty(globalThis, CLOCK);
  });
}
