import { isRefused } from "../errors/driver-errors.ts";
import { writeFailed } from "../errors/history-error.ts";
import { groupCalls, type InsertRow, MAX_BATCH_BYTES, splitRows } from "./batches.ts";

/** One call's rows on their way, and how it will settle. */
interface Delivery {
  readonly rows: readonly InsertRow[];
  readonly signal: AbortSignal | undefined;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Gathers calls made without awaiting between them into as few batches as they fit in; each call settles on its own.
 * A call is never split unless it is larger than a batch; then its parts go one after the other, and stop at a failure.
 */
export class Outbox {
  readonly #insert: (rows: readonly InsertRow[]) => Promise<void>;
  readonly #maxRows: number;
  #waiting: Delivery[] = [];

  /** @param maxRows - as many rows as one batch takes */
  constructor(insert: (rows: readonly InsertRow[]) => Promise<void>, maxRows: number) {
    this.#insert = insert;
    this.#maxRows = maxRows;
  }

  /** Resolves when all rows are stored; rejects with the call's own error. */
  send(rows: readonly InsertRow[], signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length === 0) queueMicrotask(() => this.#flush());
      this.#waiting.push({ rows, signal, resolve, reject });
    });
  }

  #flush(): void {
    const deliveries = this.#waiting;
    this.#waiting = [];
    const first = deliveries[0];
    if (first !== undefined && deliveries.length === 1) return void this.#deliverAlone(first);
    const wanted = deliveries.filter(({ signal }) => !signal?.aborted);
    for (const { signal, reject } of deliveries) if (signal?.aborted) reject(signal.reason);
    for (const group of groupCalls(wanted, this.#maxRows)) void this.#deliver(group);
  }

  async #deliver(group: readonly Delivery[]): Promise<void> {
    const [only, ...more] = group;
    if (only !== undefined && more.length === 0) return this.#deliverAlone(only);
    try {
      await this.#insert(group.flatMap((delivery) => delivery.rows));
      for (const delivery of group) delivery.resolve();
    } catch (error) {
      // What the server refuses for one call must not fail the others that happened to travel with it.
      if (isRefused(error)) for (const delivery of group) void this.#deliverAlone(delivery);
      else for (const { rows, reject } of group) reject(failure(error, rows, []));
    }
  }

  async #deliverAlone({ rows, signal, resolve, reject }: Delivery): Promise<void> {
    const written: string[] = [];
    const batches = inSendingOrder(splitRows(rows, this.#maxRows));
    try {
      for (const batch of batches) {
        signal?.throwIfAborted();
        await this.#insert(batch);
        written.push(...batch.map(idOf));
      }
      resolve();
    } catch (error) {
      reject(signal?.aborted ? signal.reason : failure(error, rows, written));
    }
  }
}

/**
 * In order, but for a row larger than a batch, the largest of which goes first: where the server refuses that one as too
 * large, nothing of the call has been written.
 */
function inSendingOrder(batches: readonly InsertRow[][]): readonly InsertRow[][] {
  const sizes = batches.map(([first]) => first?.bytes ?? 0);
  const largest = Math.max(...sizes);
  if (batches.length === 1 || largest <= MAX_BATCH_BYTES) return batches;
  const at = sizes.indexOf(largest);
  return [...batches.slice(at, at + 1), ...batches.slice(0, at), ...batches.slice(at + 1)];
}

function failure(cause: unknown, rows: readonly InsertRow[], written: readonly string[]): unknown {
  const largest = rows.reduce((most, { bytes }) => Math.max(most, bytes), 0);
  return writeFailed(cause, { ids: rows.map(idOf), written, largest });
}

function idOf(row: InsertRow): string {
  return row.id;
}
