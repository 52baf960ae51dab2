/** Calls of one kind may overlap, except edits; calls of different kinds never do. */
type CallKind = "add" | "read" | "edit";

/** Calls that run side by side. */
interface Group {
  readonly kind: CallKind;
  /** When the group before it has ended; undefined where there was none. */
  readonly start: Promise<void> | undefined;
  running: number;
  /** Made once a later group waits for it. */
  ended: Promise<void> | undefined;
  end: (() => void) | undefined;
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
    const start = this.#newest && endOf(this.#newest);
    this.#newest = { kind, start, running: 0, ended: undefined, end: undefined };
    return this.#newest;
  }

  #endGroup(group: Group): void {
    if (this.#newest === group) this.#newest = undefined;
    group.end?.();
  }
}

function endOf(group: Group): Promise<void> {
  group.ended ??= new Promise((resolve) => {
    group.end = resolve;
  });
  return group.ended;
}
