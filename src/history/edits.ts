import { justAfter } from "../ids/clock.ts";
import { IDS_PER_DELETE } from "../options/limits.ts";
import type { InsertRow, MessageTable, Range, RowQuery, StoredRow } from "../table/message-table.ts";
import type { Session } from "./reader.ts";

/**
 * Deletes everything that can be seen now, or that and above `from`, rows of a writer whose clock is ahead included.
 *
 * The range is deleted at our clock's time T. A row that was seen before T was taken, and is dated after T, was dated by a
 * clock ahead of ours: it survives that, and is deleted by itself, just after its own write. One delete dated into the
 * future would swallow what others add meanwhile; and what is first seen after T may be just that, and is left alone.
 */
export async function removeVisible(
  { table, clock }: Session,
  from: string | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  const range: Range | undefined = from === undefined ? undefined : [">=", from];
  const began = clock.now();
  let ahead = await readDatedAfter(table, began, writeTimesOf(range, signal));
  let timestamp = clock.deleteTime();
  if (timestamp < began) {
    // The clock stepped back while the rows were read. What is dated between both times was passed over.
    ahead = await readDatedAfter(table, 0, writeTimesOf(range, signal));
    timestamp = clock.deleteTime();
  }
  await table.removeRange(range, { timestamp, signal });
  await removeDated(
    table,
    ahead.filter((row) => writeTimeOf(row) >= timestamp),
    signal,
  );
}

async function readDatedAfter(table: MessageTable, time: number, query: RowQuery): Promise<StoredRow[]> {
  const rows: StoredRow[] = [];
  for await (const page of table.pages(query)) {
    for (const row of page) if (writeTimeOf(row) > time) rows.push(row);
  }
  return rows;
}

/**
 * Deletes these rows, whatever the clock that wrote them. All are deleted at our time, seen or not: a replica may lag, or
 * a write that timed out take effect later.
 */
export async function removeIds(
  { table, clock }: Session,
  ids: readonly string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  for (let at = 0; at < ids.length; at += IDS_PER_DELETE) {
    const step = ids.slice(at, at + IDS_PER_DELETE);
    const rows = await table.rows(writeTimesOf(["IN", step], signal));
    const timestamp = clock.deleteTime();
    await table.removeRows(step, { timestamp, signal });
    await removeDated(
      table,
      rows.filter((row) => writeTimeOf(row) >= timestamp),
      signal,
    );
  }
}

/**
 * Replaces one row, its remaining expiry kept; false where there is none. The new text is dated one microsecond after the
 * old one: of an edit and a delete that meet, the delete wins, so that no edit brings back what another call deleted.
 */
export async function replaceRow(
  { table, clock }: Session,
  { id, text }: Pick<InsertRow, "id" | "text">,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const [row] = await table.rows({ order: "newest-first", bounds: [["=", id]], parts: ["writetime", "ttl"], signal });
  if (row === undefined) return false;
  // A row without a message has no write time to follow.
  const followed = writeTimeOf(row) === 0 ? clock.writeTime() : justAfter(writeTimeOf(row));
  const timestamp = clock.replacementTime(id, followed);
  // 0 is no expiry, even in a table that has a default one.
  const replacement = { id, text, ttlSeconds: row.ttl ?? 0 };
  await table.insert(() => [replacement], { timestamp, signal });
  return true;
}

/** Microseconds since 1970; 0 where the row has no message. */
function writeTimeOf({ writetime }: StoredRow): number {
  return Number(writetime);
}

function writeTimesOf(range: Range | undefined, signal: AbortSignal | undefined): RowQuery {
  return { order: "newest-first", bounds: range === undefined ? [] : [range], parts: ["writetime"], signal };
}

/** Each after its own write, since an edit that read the same row is dated so too, and a tie goes to the delete. */
async function removeDated(
  table: MessageTable,
  rows: readonly StoredRow[],
  signal: AbortSignal | undefined,
): Promise<void> {
  await Promise.all(
    rows.map((row) => table.removeRows([row.id.toString()], { timestamp: justAfter(writeTimeOf(row)), signal })),
  );
}
