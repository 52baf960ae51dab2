import { editFailed } from "../errors/failures.ts";
import { notFound } from "../errors/refusals.ts";
import type { ForkOptions } from "../options/arguments.ts";
import { throwIfAborted } from "../table/abort.ts";
import type { MessageTable, RowQuery } from "../table/message-table.ts";
import type { InsertRow } from "../table/stored-row.ts";
import { maxBatchRows, splitRows } from "./batches.ts";
import { countSeconds } from "./expiry.ts";
import { readRowPages, type Session } from "./reader.ts";
import { copyRow } from "./row-codec.ts";

/**
 * Copies rows, oldest first, with their ids and remaining expiry: all, or up to and including `through`. What the target's
 * clock makes from then on comes after them. Throws `NOT_FOUND` before anything is copied.
 */
export async function copySession(from: Session, to: Session, { through, signal }: ForkOptions): Promise<void> {
  const { sessionId } = from.options;
  if (through !== undefined && !(await hasRow(from.table, through, signal))) throw notFound(sessionId, through);
  const bounds: RowQuery["bounds"] = through === undefined ? [] : [["<=", through]];
  const query: RowQuery = { order: "oldest-first", bounds, parts: ["message", "id", "ttl", "now"], signal };
  for await (const page of readRowPages(from.table, query)) {
    const rows = page.rows.flatMap((row) => copyRow(row, from.options, to.options) ?? []);
    const secondsPassed = countSeconds(page);
    for (const batch of splitRows(rows, maxBatchRows(to.options.sessionId))) {
      await insert(to, () => batch.flatMap((row) => withRemainingExpiry(row, secondsPassed())), signal);
    }
    const newest = rows.at(-1);
    if (newest === undefined) continue;
    // What either session adds from now on comes after what was read here.
    for (const { clock } of [from, to]) clock.observe(newest.id);
  }
}

export async function hasRow(table: MessageTable, id: string, signal: AbortSignal | undefined): Promise<boolean> {
  const query: RowQuery = { order: "newest-first", bounds: [["=", id]], parts: ["writetime"], signal };
  for await (const { rows } of readRowPages(table, query)) if (rows.length > 0) return true;
  return false;
}

/** The row with what is left of its expiry at the write. Nothing where nothing is left. */
function withRemainingExpiry(row: InsertRow, secondsPassed: number): InsertRow | [] {
  if (!row.ttlSeconds) return row;
  const ttlSeconds = row.ttlSeconds - secondsPassed;
  return ttlSeconds < 1 ? [] : { ...row, ttlSeconds };
}

async function insert(
  { table, clock }: Session,
  batch: () => readonly InsertRow[],
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    await table.insert(batch, { timestamp: clock.writeTime(), signal });
  } catch (error) {
    throwIfAborted(signal);
    throw editFailed(error);
  }
}
