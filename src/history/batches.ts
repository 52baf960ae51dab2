import {
  MAX_BATCH_BYTES,
  MAX_BATCH_OVERHEAD_BYTES,
  MAX_BATCH_STATEMENTS,
  STATEMENT_OVERHEAD_BYTES,
} from "../options/limits.ts";
import type { InsertRow } from "../table/stored-row.ts";

/*
 * A batch of one partition is one mutation: atomic, and free of the server's checks of batch sizes.
 */

/** How many rows of a session go into one batch: all that the protocol counts, fewer where the session id is long. */
export function maxBatchRows(sessionId: string): number {
  const statementBytes = Buffer.byteLength(sessionId) + STATEMENT_OVERHEAD_BYTES;
  return Math.min(MAX_BATCH_STATEMENTS, Math.floor(MAX_BATCH_OVERHEAD_BYTES / statementBytes));
}

/** Rows in their order, cut into the fewest batches. A row larger than a batch travels alone. */
export function splitRows<Row extends InsertRow>(rows: readonly Row[], maxRows: number): Row[][] {
  return cut(rows, maxRows, (row) => [row.bytes, 1]);
}

/** Whole calls in their order, gathered so that each group fits one batch. A call larger than that stands alone. */
export function groupCalls<Call extends { readonly rows: readonly InsertRow[] }>(
  calls: readonly Call[],
  maxRows: number,
): Call[][] {
  return cut(calls, maxRows, ({ rows }) => [rows.reduce((sum, row) => sum + row.bytes, 0), rows.length]);
}

/**
 * Batches in order, but for a row larger than a batch: the largest such row goes first. Where the server refuses it as too large,
 * nothing of the call has been written.
 */
export function inSendingOrder(batches: readonly InsertRow[][]): readonly InsertRow[][] {
  const sizes = batches.map(([first]) => first?.bytes ?? 0);
  const largest = Math.max(...sizes);
  if (largest <= MAX_BATCH_BYTES) return batches;
  const at = sizes.indexOf(largest);
  return [...batches.slice(at, at + 1), ...batches.slice(0, at), ...batches.slice(at + 1)];
}

function cut<Item>(
  items: readonly Item[],
  maxRows: number,
  measure: (item: Item) => [bytes: number, rows: number],
): Item[][] {
  const groups: Item[][] = [];
  let group: Item[] = [];
  let room = { bytes: 0, rows: 0 };
  for (const item of items) {
    const [bytes, rows] = measure(item);
    if (groups.length === 0 || bytes > room.bytes || rows > room.rows) {
      group = [];
      groups.push(group);
      room = { bytes: MAX_BATCH_BYTES, rows: maxRows };
    }
    group.push(item);
    room = { bytes: room.bytes - bytes, rows: room.rows - rows };
  }
  return groups;
}
