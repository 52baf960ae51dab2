import { throwIfAborted, untilAborted } from "../table/abort.ts";

/** Calls of one kind may overlap, except edits. Calls of different kinds never do. */
type CallKind = "add" | "read" | "edit";

/** Calls that run side by side. */
interface Group {
  readonly kind: CallKind;
  /** When the group before it has ended; undefined once that is so. */
  start: Promise<void> | undefined;
  running: number;
  /** Made once a later group waits for it. */
  ended: Promise<void> | undefined;
  end: (() => void) | undefined;
}

/**
 * Lets the calls of one history take effect in the order in which they were made, awaited or not. Adds keep their order by their
 * ids, and reads change nothing, so that neither waits for its own kind. Every edit waits for all calls before it.
 */
export class CallOrder {
  #newest: Group | undefined;

  /** The call's outcome. One whose signal aborts gives its place up at once; where it had not begun, it never begins. */
  async run<Result>(kind: CallKind, call: () => Promise<Result>, signal?: AbortSignal): Promise<Result> {
    const group = this.#join(kind);
    group.running += 1;
    try {
      if (group.start !== undefined) await untilAborted(group.start, signal);
      throwIfAborted(signal);
      return await untilAborted(call(), signal);
    } finally {
      group.running -= 1;
      if (group.running === 0) void this.#endGroup(group);
    }
  }

  #join(kind: CallKind): Group {
    if (this.#newest?.kind === kind && kind !== "edit") return this.#newest;
    const group: Group = {
      kind,
      start: this.#newest && endOf(this.#newest),
      running: 0,
      ended: undefined,
      end: undefined,
    };
    void group.start?.then(() => {
      group.start = undefined;
    });
    this.#newest = group;
    return group;
  }

  /** A group whose calls were all given up before it began ends when the group before it has ended. */
  async #endGroup(group: Group): Promise<void> {
    while (group.start !== undefined) await group.start;
    if (group.running > 0) return;
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
