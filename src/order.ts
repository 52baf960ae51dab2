/** Calls of one kind may overlap, except edits; calls of different kinds never do. */
type CallKind = "add" | "read" | "edit";

/** Calls that run side by side. */
interface Group {
  readonly kind: CallKind;
  /** When the group before it has ended; undefined where there was none. */
  readonly start: Promise<void> | undefined;
  running: number;
  readonly ended: Promise<void>;
  readonly end: () => void;
}

/**
 * Lets the calls of one history take effect in the order in which they were made, awaited or not. Adds keep their order
 * by their ids and reads change nothing, so that neither waits for its own kind; every edit waits for what came before.
 */
export class CallOrder {
  #newest: Group | undefined;

  async run<Result>(kind: CallKind, call: () => Promise<Result>): Promise<Result> {
    const group = this.#join(kind);
    group.running += 1;
    try {
      if (group.start !== undefined) await group.start;
      return await call();
    } finally {
      group.running -= 1;
      if (group.running === 0) this.#endGroup(group);
    }
  }

  #join(kind: CallKind): Group {
    if (this.#newest?.kind === kind && kind !== "edit") return this.#newest;
    let end = (): void => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    this.#newest = { kind, start: this.#newest?.ended, running: 0, ended, end };
    return this.#newest;
  }

  #endGroup(group: Group): void {
    if (this.#newest === group) this.#newest = undefined;
    group.end();
  }
}
