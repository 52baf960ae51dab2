import { nextMicros } from "../ids/clock.ts";
import { IDS_PER_DELETE } from "../options/limits.ts";
import type { InsertRow, MessageTable, Range, RowQuery, StoredRow } from "../table/message-table.ts";

/**
 * Deletes everything that can be seen now, or that and above `from`, rows of a writer whose clock is ahead included.
 *
 * The range is deleted at our clock's time T. A row that was seen before T was taken, and is dated after T, was dated by a
 * clock ahead of ours: it survives that, and is deleted by itself, just after its own write. One delete dated into the
 * future would swallow what others add meanwhile; and what is first seen after T may be just that, and is left alone.
 */
export async function removeVisible(
  table: MessageTable,
  from: string | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  const range: Range | undefined = from === undefined ? undefined : [">=", from];
  const began = nextMicros();
  const ahead: StoredRow[] = [];
  for await (const page of table.pages(writeTimesOf(range, signal))) {
    ahead.push(...page.filter((row) => writeTimeOf(row) > began));
  }
  const timestamp = nextMicros();
  await table.removeRange(range, { timestamp, signal });
  await removeDated(
    table,
    ahead.filter((row) => writeTimeOf(row) >= timestamp),
    signal,
  );
}

/**
 * Deletes these rows, whatever the clock that wrote them. All are deleted at our time, seen or not: a replica may lag, or
 * a write that timed out take effect later.
 */
export async function removeIds(
  table: MessageTable,
  ids: readonly string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  for (let at = 0; at < ids.length; at += IDS_PER_DELETE) {
    const step = ids.slice(at, at + IDS_PER_DELETE);
    const rows = await table.rows(writeTimesOf(["IN", step], signal));
    const timestamp = nextMicros();
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
  table: MessageTable,
  { id, text }: Pick<InsertRow, "id" | "text">,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const [row] = await table.rows({ order: "newest-first", bounds: [["=", id]], parts: ["writetime", "ttl"], signal });
  if (row === undefined) return false;
  const timestamp = replacementTime(row, id);
  // 0 is no expiry, even in a table that has a default one.
  const replacement = { id, text, ttlSeconds: row.ttl ?? 0 };
  await table.insert(() => [replacement], { timestamp, signal });
  return true;
}

/**
 * Times at which this process last replaced rows, or tried to, by their ids. An attempt that timed out may take effect later
 * than the next one, and a replica may not have seen the last one: of one time, Cassandra would keep the text that sorts last.
 */
const replacedAt = new Map<string, number>();
const MOST_REPLACEMENTS = 1024;

function replacementTime(row: StoredRow, id: string): number {
  // A row without a message has no write time to follow.
  const followed = writeTimeOf(row) === 0 ? nextMicros() : justAfter(row);
  const timestamp = Math.max(followed, (replacedAt.get(id) ?? 0) + 1);
  // Last in order again, so that the first is the one that was replaced longest ago.
  replacedAt.delete(id);
  replacedAt.set(id, timestamp);
  const [oldest] = replacedAt.keys();
  if (replacedAt.size > MOST_REPLACEMENTS && oldest !== undefined) replacedAt.delete(oldest);
  return timestamp;
}

/** Of a writer that dates in nanoseconds, a number tells the time only to some hundreds: 2,048 is more than it can be off. */
function justAfter(row: StoredRow): number {
  const writeTime = writeTimeOf(row);
  return writeTime + (Number.isSafeInteger(writeTime + 1) ? 1 : 2048);
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
  await Promise.all(rows.map((row) => table.removeRows([row.id.toString()], { timestamp: justAfter(row), signal })));
}
