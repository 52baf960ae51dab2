import type { SessionClock } from "../ids/clock.ts";
import { throwIfAborted } from "../table/abort.ts";

/** Reads the session's newest id; undefined where it has none. */
type ReadNewest = (signal: AbortSignal | undefined) => Promise<string | undefined>;

/**
 * Gives the adds of one history their ids, in the order of the calls. An add may have to read the session's newest id first.
 * The adds after it then wait until it has its ids.
 */
export class IdQueue {
  readonly #clock: SessionClock;
  readonly #readNewest: ReadNewest;
  /** Resolves when the last add that waits has its ids, or has failed. */
  #lastTurn: Promise<unknown> | undefined;

  constructor(clock: SessionClock, readNewest: ReadNewest) {
    this.#clock = clock;
    this.#readNewest = readNewest;
  }

  /** At once, unless the clock has stepped back and the process may have forgotten the session. */
  take(count: number, signal: AbortSignal | undefined): string[] | Promise<string[]> {
    if (this.#lastTurn === undefined && !this.#clock.mustReadNewest()) return this.#clock.nextIds(count);
    return this.#takeInTurn(count, signal);
  }

  async #takeInTurn(count: number, signal: AbortSignal | undefined): Promise<string[]> {
    const ids = this.#readAndTake(count, this.#lastTurn, signal);
    const turn = ids.catch(() => {});
    this.#lastTurn = turn;
    try {
      return await ids;
    } finally {
      if (this.#lastTurn === turn) this.#lastTurn = undefined;
    }
  }

  async #readAndTake(
    count: number,
    before: Promise<unknown> | undefined,
    signal: AbortSignal | undefined,
  ): Promise<string[]> {
    await before;
    throwIfAborted(signal);
    const newest = this.#clock.mustReadNewest() ? await this.#readNewest(signal) : undefined;
    return this.#clock.nextIds(count, newest);
  }
}
