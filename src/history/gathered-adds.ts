import { isInvalidRequest } from "../errors/driver-errors.ts";
import { addFailed, RecordFailure } from "../errors/failures.ts";
import type { CassandraHistoryError } from "../errors/history-error.ts";
import { throwIfAborted } from "../table/abort.ts";
import type { InsertRow } from "../table/stored-row.ts";
import { groupCalls, inSendingOrder, splitRows } from "./batches.ts";

/** Stores the rows that it is given when the request is handed to the driver: all or none. */
type Insert = (rows: () => readonly InsertRow[], signal?: AbortSignal) => Promise<void>;

/** The rows of one call on their way, and how the call settles. */
interface Delivery {
  readonly rows: readonly InsertRow[];
  readonly signal: AbortSignal | undefined;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Gathers adds that are made without awaiting between them into as few batches as they fit in. Each call settles on its own.
 * A call is split only where it is larger than a batch: its parts then go one after the other, and stop at a failure.
 * `batches.ts` says what fits a batch.
 */
export class GatheredAdds {
  readonly #insert: Insert;
  readonly #maxRows: number;
  #waiting: Delivery[] = [];

  /** @param maxRows - as many rows as one batch takes */
  constructor(insert: Insert, maxRows: number) {
    this.#insert = insert;
    this.#maxRows = maxRows;
  }

  /** Resolves when all rows are stored. Rejects with the call's own error, or with the signal's reason. */
  send(rows: readonly InsertRow[], signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      // Not by queueMicrotask: an application's test may have replaced that function.
      if (this.#waiting.length === 0) void Promise.resolve().then(() => this.#flush());
      this.#waiting.push({ rows, signal, resolve, reject });
    });
  }

  #flush(): void {
    const deliveries = this.#waiting;
    this.#waiting = [];
    for (const group of groupCalls(deliveries, this.#maxRows)) void this.#deliver(group);
  }

  async #deliver(group: readonly Delivery[]): Promise<void> {
    const [only, ...more] = group;
    if (only !== undefined && more.length === 0) return this.#deliverAlone(only);
    let sent: readonly Delivery[] = [];
    const rowsNow = (): InsertRow[] => {
      sent = group.filter(({ signal }) => !signal?.aborted);
      return sent.flatMap(({ rows }) => rows);
    };
    try {
      await this.#insert(rowsNow);
      for (const delivery of group) settle(delivery, sent.includes(delivery));
    } catch (error) {
      // What the server refuses for one call must not fail the others that happened to travel with it.
      if (isInvalidRequest(error)) for (const delivery of group) void this.#deliverAlone(delivery);
      else {
        for (const { rows, signal, reject } of group) {
          const written = isStored(error) ? rows.map(idOf) : [];
          reject(signal?.aborted ? signal.reason : failure(error, rows, written));
        }
      }
    }
  }

  async #deliverAlone({ rows, signal, resolve, reject }: Delivery): Promise<void> {
    const written: string[] = [];
    try {
      for (const batch of inSendingOrder(splitRows(rows, this.#maxRows))) {
        throwIfAborted(signal);
        await this.#insert(() => batch, signal).catch((error: unknown) => {
          if (isStored(error)) written.push(...batch.map(idOf));
          throw error;
        });
        written.push(...batch.map(idOf));
      }
      resolve();
    } catch (error) {
      reject(signal?.aborted ? signal.reason : failure(error, rows, written));
    }
  }
}

/** A call that was given up before its batch was sent is not stored. */
function settle({ signal, resolve, reject }: Delivery, isSent: boolean): void {
  if (isSent) resolve();
  else reject(signal?.reason);
}

function failure(cause: unknown, rows: readonly InsertRow[], written: readonly string[] = []): CassandraHistoryError {
  const largest = rows.reduce((most, { bytes }) => Math.max(most, bytes), 0);
  return addFailed(cause, { ids: rows.map(idOf), written, largest });
}

/** The messages are stored; what failed is the record of them. */
function isStored(error: unknown): boolean {
  return error instanceof RecordFailure && error.isStored;
}

function idOf(row: InsertRow): string {
  return row.id;
}
