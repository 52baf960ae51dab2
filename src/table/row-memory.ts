import { createHash } from "node:crypto";
import { isMap, isPromise } from "node:util/types";
import { sharedState } from "../ids/shared.ts";
import { MAX_REMEMBERED_ROWS } from "../options/limits.ts";
import type { TableNames } from "../options/table-options.ts";

/** The last update of a row that this process sent. */
export interface LastUpdate {
  /** Its write time, in microseconds since 1970. */
  readonly writeTime: number;
  /** When the message expires, in seconds of the servers' clock; undefined where it does not. */
  readonly expiresAt: number | undefined;
}

/** The place of one update among the updates of its row. */
export interface Turn {
  /** Settles when all updates that were called before this one have ended; undefined where there are none. */
  readonly start: Promise<void> | undefined;
  /** Lets the next update begin, once those before this one have ended too. */
  readonly end: () => void;
}

/**
 * What the process knows of rows that it changed, by session and id. All copies of this library share it. The number in its key
 * changes with its form.
 */
interface ChangedRows {
  /** For each row, when all updates that were called by now have ended. A row without such updates is left out. */
  readonly turns: Map<string, Promise<void>>;
  /** The last update of each row, in the order in which these were sent. */
  readonly updates: Map<string, LastUpdate>;
  /** The write times of deletes that may be ahead of the clock, by row. */
  readonly deletes: Map<string, number>;
  /** The newest of the write times that are no longer in `deletes`, by session: a clear may delete more rows than are remembered. */
  readonly forgottenDeletes: Map<string, number>;
  /** The newest of all those write times. */
  lastDelete: number;
}

const SHARED: symbol = Symbol.for("langchain-cassandra-history.rows.v1");

function changedRows(): ChangedRows {
  return sharedState(SHARED, isChangedRows, () => ({
    turns: new Map(),
    updates: new Map(),
    deletes: new Map(),
    forgottenDeletes: new Map(),
    lastDelete: 0,
  }));
}

function isChangedRows(value: unknown): value is ChangedRows {
  if (typeof value !== "object" || value === null) return false;
  if (!("turns" in value && "updates" in value && "deletes" in value)) return false;
  if (!("forgottenDeletes" in value && "lastDelete" in value)) return false;
  const { turns, updates, deletes, forgottenDeletes, lastDelete } = value;
  return isMap(turns) && isMap(updates) && isMap(deletes) && isMap(forgottenDeletes) && Number.isFinite(lastDelete);
}

/** What this process did to the rows of one session: in which order it updates them, and what it wrote last. */
export class RowMemory {
  readonly #names: readonly string[];
  #session: string | undefined;

  constructor(keyspace: TableNames["keyspace"], table: TableNames["table"], sessionId: string) {
    this.#names = [keyspace, table, sessionId];
  }

  /**
   * Takes the place of an update, at its call. Updates of one row run one after the other, in the order of their calls, in the
   * whole process: the later one then reads what the earlier one wrote, and is dated after it.
   */
  takeTurn(id: string): Turn {
    const { turns } = changedRows();
    const key = this.#keyOf(id);
    const last = turns.get(key);
    const start = isPromise(last) ? last : undefined;
    let end = (): void => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    const allEnded = start === undefined ? ended : start.then(() => ended);
    turns.set(key, allEnded);
    void allEnded.then(() => turns.get(key) === allEnded && turns.delete(key));
    return { start, end };
  }

  lastUpdate(id: string): LastUpdate | undefined {
    const { updates } = changedRows();
    return updates.size === 0 ? undefined : updates.get(this.#keyOf(id));
  }

  rememberUpdate(id: string, update: LastUpdate): void {
    const { updates } = changedRows();
    const key = this.#keyOf(id);
    // Last in order again, so that the first is the one that was updated longest ago.
    updates.delete(key);
    forgetOldest(updates);
    updates.set(key, update);
  }

  /** Notes that this row is deleted at a time that may be ahead of the clock. */
  rememberDelete(id: string, writeTime: number): void {
    const changed = changedRows();
    forgetOldest(changed.deletes, (key, time) => {
      const session = key.slice(0, key.indexOf(" "));
      const newest = Math.max(time, changed.forgottenDeletes.get(session) ?? 0);
      if (!changed.forgottenDeletes.has(session)) forgetOldest(changed.forgottenDeletes);
      changed.forgottenDeletes.set(session, newest);
    });
    changed.deletes.set(this.#keyOf(id), writeTime);
    changed.lastDelete = Math.max(changed.lastDelete, writeTime);
  }

  /** The newest time at which one of these rows was deleted, where that may be `now` or later; else 0. */
  lastDelete(rows: readonly { readonly id: string }[], now: number): number {
    const changed = changedRows();
    if (changed.deletes.size === 0) return 0;
    if (changed.lastDelete < now) {
      changed.deletes.clear();
      changed.forgottenDeletes.clear();
      return 0;
    }
    const forgotten = changed.forgottenDeletes.get(this.#sessionKey()) ?? 0;
    return rows.reduce((newest, { id }) => Math.max(newest, changed.deletes.get(this.#keyOf(id)) ?? forgotten), 0);
  }

  #keyOf(id: string): string {
    return `${this.#sessionKey()} ${id.toLowerCase()}`;
  }

  #sessionKey(): string {
    // Hashed: session ids may be 65,535 bytes long.
    this.#session ??= createHash("sha256").update(JSON.stringify(this.#names)).digest("base64");
    return this.#session;
  }
}

/** Half of them at once. To find the first key of a map, V8 steps over all keys deleted before it: one at a time would be slow. */
function forgetOldest<Value>(rows: Map<string, Value>, onForget?: (key: string, value: Value) => void): void {
  if (rows.size < MAX_REMEMBERED_ROWS) return;
  for (const [key, value] of rows) {
    if (rows.size <= MAX_REMEMBERED_ROWS / 2) return;
    rows.delete(key);
    onForget?.(key, value);
  }
}
