/** More are forgotten, the oldest first: whoever has not tried again by then will hardly do so. */
const ATTEMPTS_KEPT = 1000;

/**
 * The entry ids of writes that failed, and may have taken effect none the less: with them, the same write can be made again
 * without storing a message twice. Another process knows only what it finds in the log: a write that takes effect after it
 * looked is stored twice.
 */
export class FailedWrites {
  readonly #ids = new Map<string, readonly string[]>();

  async retrying(attempt: string, write: (ids: readonly string[] | undefined) => Promise<unknown>): Promise<void> {
    try {
      await write(this.#ids.get(attempt));
      this.#ids.delete(attempt);
    } catch (error) {
      this.#remember(attempt, error);
      throw error;
    }
  }

  #remember(attempt: string, error: unknown): void {
    const ids = failedIds(error);
    if (ids === undefined) return;
    const [oldest] = this.#ids.keys();
    if (oldest !== undefined && this.#ids.size >= ATTEMPTS_KEPT) this.#ids.delete(oldest);
    this.#ids.set(attempt, ids);
  }
}

/** By its shape: the history may be of the other of this library's two builds. */
function failedIds(error: unknown): readonly string[] | undefined {
  if (!(error instanceof Error && "code" in error && error.code === "WRITE_FAILED" && "ids" in error)) return undefined;
  return Array.isArray(error.ids) ? error.ids : undefined;
}
