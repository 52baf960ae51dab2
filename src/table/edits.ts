import { idMicros, nextMicros, timeUuidAt } from "../clock.ts";
import type { MessageTable, Range, StoredRow } from "./table.ts";

/** Rows that are deleted in one batch. */
const ROWS_PER_DELETE = 1000;
/** Ids in one `IN`. */
const IDS_PER_READ = 100;

/**
 * Deletes everything that can be seen now, or that and above `from`, rows of a writer whose clock is ahead included.
 *
 * The range is deleted at our clock's time T. What a clock ahead of ours wrote survives that, and is deleted row by row,
 * each just after its own write: one delete dated into the future would swallow what others add meanwhile. A row that was
 * seen before T was taken, or whose id lies before T, and is still there, was dated by such a clock; any other that
 * remains was added after T and stays.
 */
export async function removeVisible(table: MessageTable, from?: string): Promise<void> {
  const range: Range | undefined = from === undefined ? undefined : [">=", from];
  const ahead = await readWriteTimes(table, [">", timeUuidAt(nextMicros())]);
  const seen = new Set(ahead.map((row) => row.id.toString()));
  const timestamp = nextMicros();
  await table.removeRange(timestamp, range);
  const left = await readWriteTimes(table, range);
  await removeEach(
    table,
    left.filter(({ id }) => seen.has(id.toString()) || idMicros(id.toString()) <= timestamp),
  );
}

/** Deletes these rows where they are there, whatever the clock that wrote them. */
export async function removeIds(table: MessageTable, ids: readonly string[]): Promise<void> {
  for (let at = 0; at < ids.length; at += IDS_PER_READ) {
    await removeEach(table, await readWriteTimes(table, ["IN", ids.slice(at, at + IDS_PER_READ)]));
  }
}

/**
 * Replaces one row, its remaining expiry kept; false where there is none. The new text is dated one microsecond after the
 * old one: of an edit and a delete that meet, the delete wins, so that no edit brings back what another call deleted.
 */
export async function replaceRow(table: MessageTable, id: string, text: string): Promise<boolean> {
  const [row] = await table.rows({ order: "newest-first", bounds: [["=", id]], parts: ["writetime", "ttl"] });
  if (row === undefined) return false;
  // 0 is no expiry, even in a table that has a default one.
  await table.insert([{ id, text, ttlSeconds: row.ttl ?? 0 }], row.writeTime + 1);
  return true;
}

function readWriteTimes(table: MessageTable, range?: Range): Promise<StoredRow[]> {
  const bounds = range === undefined ? [] : [range];
  return table.rows({ order: "newest-first", bounds, parts: ["writetime"] });
}

async function removeEach(table: MessageTable, rows: readonly StoredRow[]): Promise<void> {
  const timestamp = nextMicros();
  const ours = rows.filter(({ writeTime }) => writeTime < timestamp).map(({ id }) => id.toString());
  for (let at = 0; at < ours.length; at += ROWS_PER_DELETE) {
    await table.removeRows(ours.slice(at, at + ROWS_PER_DELETE), timestamp);
  }
  // After its write, since an edit that read the same row is dated so too, and a tie goes to the delete.
  const ahead = rows.filter(({ writeTime }) => writeTime >= timestamp);
  await Promise.all(ahead.map(({ id, writeTime }) => table.removeRows([id.toString()], writeTime + 1)));
}
