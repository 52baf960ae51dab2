/** When more logs have been written to than this, the oldest write is forgotten. */
const LOGS_REMEMBERED = 10_000;

/**
 * The writes that runs of this process make to their logs. Writes to one log are made one after the other, and a run can
 * tell whether another run has written to its log since a moment. Another build of the library in the same process has its
 * own.
 */
export class LogWrites {
  /** How many writes have ended so far. A moment is such a number. */
  #now = 0;
  /** The number of the newest write to each log. */
  readonly #newest = new Map<string, number>();
  /** The number of the newest write that was forgotten. */
  #forgotten = 0;
  /** By log, the end of the last write that waits or is being made. It never rejects. */
  readonly #queues = new Map<string, Promise<unknown>>();
  readonly #limit: number;

  /** @param limit - how many logs are remembered */
  constructor(limit: number = LOGS_REMEMBERED) {
    this.#limit = limit;
  }

  get now(): number {
    return this.#now;
  }

  /** Whether a write to the log has ended since the moment; true as well where that is not known any more. */
  hasWriteSince(log: string, moment: number): boolean {
    return (this.#newest.get(log) ?? this.#forgotten) > moment;
  }

  /** Runs a task when all earlier tasks on the log have ended. */
  async runAlone(log: string, task: () => Promise<void>): Promise<void> {
    const turn = Promise.resolve(this.#queues.get(log)).then(task);
    const end = turn.catch(() => {});
    this.#queues.set(log, end);
    try {
      await turn;
    } finally {
      if (this.#queues.get(log) === end) this.#queues.delete(log);
    }
  }

  /** Notes that a write has ended. A failed one counts: it may have taken effect. */
  note(log: string): void {
    this.#now += 1;
    this.#newest.delete(log);
    this.#newest.set(log, this.#now);
    const [oldest] = this.#newest;
    if (oldest === undefined || this.#newest.size <= this.#limit) return;
    this.#newest.delete(oldest[0]);
    this.#forgotten = oldest[1];
  }
}

/** Of all agents in the process. */
export const logWrites: LogWrites = new LogWrites();
