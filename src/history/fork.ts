import { editFailed, notFound } from "../errors/history-error.ts";
import type { SessionClock } from "../ids/clock.ts";
import type { ResolvedOptions } from "../options/history-options.ts";
import type { MessageTable } from "../table/table.ts";
import { type InsertRow, maxBatchRows, splitRows } from "./batches.ts";
import { readPages } from "./reader.ts";
import { copyRow } from "./rows.ts";

/** What one history stands on. */
export interface Session {
  readonly options: ResolvedOptions;
  readonly table: MessageTable;
  readonly clock: SessionClock;
}

/**
 * Copies rows, oldest first, with their ids and remaining expiry: all, or up to and including `through`. What the target's
 * clock makes from then on comes after them. Throws `NOT_FOUND` before anything is copied.
 */
export async function copySession(from: Session, to: Session, through: string | undefined): Promise<void> {
  if (through !== undefined && !(await hasRow(from.table, through))) throw notFound(from.options.sessionId, through);
  const bounds = through === undefined ? [] : ([["<=", through]] as const);
  for await (const page of readPages(from.table, { order: "oldest-first", bounds, parts: ["message", "ttl"] })) {
    const rows = page.flatMap((row) => copyRow(row, from.options, to.options) ?? []);
    for (const batch of splitRows(rows, maxBatchRows(to.options.sessionId))) await insert(to.table, batch);
    const newest = rows.at(-1);
    if (newest === undefined) continue;
    // What either session adds from now on comes after what was read here.
    for (const { clock } of [from, to]) clock.observe(newest.id);
  }
}

async function hasRow(table: MessageTable, id: string): Promise<boolean> {
  const query = { order: "newest-first", bounds: [["=", id]], parts: [] } as const;
  for await (const page of readPages(table, query)) if (page.length > 0) return true;
  return false;
}

async function insert(table: MessageTable, batch: readonly InsertRow[]): Promise<void> {
  try {
    await table.insert(batch);
  } catch (error) {
    throw editFailed(error);
  }
}
