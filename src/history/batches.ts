/** One message on its way to the table. */
export interface InsertRow {
  readonly id: string;
  readonly text: string;
  /** UTF-8 bytes of `text`. */
  readonly bytes: number;
  readonly ttlSeconds: number | undefined;
}

/**
 * A batch of one partition is one mutation: atomic, and free of the server's batch size checks. 1 MiB stays far below
 * the 16 MiB at which a default server refuses a mutation, and keeps one write from blocking a node for long.
 */
export const MAX_BATCH_BYTES: number = 1024 * 1024;
/** The native protocol counts the statements of a batch in 16 bits. */
export const MAX_BATCH_ROWS: number = 65_535;

/** Half of what a request may be on a default server (16 MiB): every statement of a batch repeats the session's id. */
const MAX_REQUEST_BYTES = 8 * 1024 * 1024;
/** Id, lengths and statement id: what a statement costs beside its text and the session's id. */
const STATEMENT_BYTES = 64;

/** How many rows of a session go into one batch: all that the protocol can count, unless the session's id is long. */
export function maxBatchRows(sessionId: string): number {
  return Math.min(MAX_BATCH_ROWS, Math.floor(MAX_REQUEST_BYTES / (Buffer.byteLength(sessionId) + STATEMENT_BYTES)));
}

/** Rows in their order, cut into the fewest batches; a row larger than a batch travels alone. */
export function splitRows(rows: readonly InsertRow[], maxRows: number): InsertRow[][] {
  return cut(rows, maxRows, (row) => [row.bytes, 1]);
}

/** Whole calls in their order, gathered so that each group fits one batch; a call larger than that stands alone. */
export function groupCalls<Call extends { readonly rows: readonly InsertRow[] }>(
  calls: readonly Call[],
  maxRows: number,
): Call[][] {
  return cut(calls, maxRows, ({ rows }) => [rows.reduce((sum, row) => sum + row.bytes, 0), rows.length]);
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
