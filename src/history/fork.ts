import { editFailed } from "../errors/failures.ts";
import { notFound } from "../errors/refusals.ts";
import type { ForkOptions } from "../options/arguments.ts";
import { throwIfAborted } from "../table/abort.ts";
import type { InsertRow, MessageTable, RowQuery } from "../table/message-table.ts";
import { maxBatchRows, splitRows } from "./batches.ts";
import { readRowPages, type Session } from "./reader.ts";
import { copyRow } from "./rows.ts";

/**
 * Copies rows, oldest first, with their ids and remaining expiry: all, or up to and including `through`. What the target's
 * clock makes from then on comes after them. Throws `NOT_FOUND` before anything is copied.
 */
export async function copySession(from: Session, to: Session, { through, signal }: ForkOptions): Promise<void> {
  const { sessionId } = from.options;
  if (through !== undefined && !(await hasRow(from.table, through, signal))) throw notFound(sessionId, through);
  const bounds: RowQuery["bounds"] = through === undefined ? [] : [["<=", through]];
  const query: RowQuery = { order: "oldest-first", bounds, parts: ["message", "ttl"], signal };
  for await (const page of readRowPages(from.table, query)) {
    const rows = page.flatMap((row) => copyRow(row, from.options, to.options) ?? []);
    for (const batch of splitRows(rows, maxBatchRows(to.options.sessionId))) await insert(to, batch, signal);
    const newest = rows.at(-1);
    if (newest === undefined) continue;
    // What either session adds from now on comes after what was read here.
    for (const { clock } of [from, to]) clock.observe(newest.id);
  }
}

async function hasRow(table: MessageTable, id: string, signal: AbortSignal | undefined): Promise<boolean> {
  const query: RowQuery = { order: "newest-first", bounds: [["=", id]], parts: [], signal };
  for await (const page of readRowPages(table, query)) if (page.length > 0) return true;
  return false;
}

async function insert(
  { table, clock }: Session,
  batch: readonly InsertRow[],
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    await table.insert(() => batch, { timestamp: clock.writeTime(), signal });
  } catch (error) {
    throwIfAborted(signal);
    throw editFailed(error);
  }
}
