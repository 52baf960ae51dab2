/** When more writes have failed than this, the oldest is forgotten. */
const WRITES_REMEMBERED = 1000;

/**
 * Remembers the entry ids of writes that failed. A failed write may have taken effect: made again with the same ids, it
 * stores no message twice. Only this process knows the ids.
 */
export class FailedWrites {
  readonly #ids = new Map<string, readonly string[]>();

  /**
   * Makes a write, with the ids of its last attempt where that failed.
   * @param key - the same for every attempt of one write
   */
  async retry(key: string, write: (ids: readonly string[] | undefined) => Promise<unknown>): Promise<void> {
    try {
      await write(this.#ids.get(key));
      this.#ids.delete(key);
    } catch (error) {
      this.#remember(key, error);
      throw error;
    }
  }

  #remember(key: string, error: unknown): void {
    const ids = idsOfError(error);
    if (ids === undefined) return;
    const [oldest] = this.#ids.keys();
    if (oldest !== undefined && this.#ids.size >= WRITES_REMEMBERED) this.#ids.delete(oldest);
    this.#ids.set(key, ids);
  }
}

/** The error is told by its fields: the history may be of the other of this library's two builds. */
function idsOfError(error: unknown): readonly string[] | undefined {
  if (!(error instanceof Error && "code" in error && error.code === "WRITE_FAILED" && "ids" in error)) return undefined;
  return Array.isArray(error.ids) ? error.ids : undefined;
}
