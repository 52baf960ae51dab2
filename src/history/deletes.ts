import { IDS_PER_DELETE } from "../options/limits.ts";
import { earliestDelete } from "../table/meeting-edits.ts";
import type { MessageTable, Range, RowQuery } from "../table/message-table.ts";
import { type StoredRow, writeTimeOf } from "../table/stored-row.ts";
import type { Session } from "./reader.ts";

/** A row that needs a delete of its own, and when that has to be dated, at least: microseconds since 1970. */
interface DatedRow {
  readonly id: string;
  readonly deleteTime: number;
}

/**
 * Deletes all messages that can be seen now: of the whole session, or from the id `from` on.
 *
 * One statement deletes the whole range. It is dated by our clock, after the rows were read: a later date would also delete what
 * others add meanwhile. That date is too early for rows that are dated less than 20 ms before it, or by a clock ahead of ours.
 * Each of these that was read gets a delete of its own as well, in the same batch for the first hundred.
 *
 * @returns the date of that delete, in microseconds since 1970
 */
export async function removeVisible(
  { table, clock }: Session,
  from: string | undefined,
  signal: AbortSignal | undefined,
): Promise<number> {
  const range: Range | undefined = from === undefined ? undefined : [">=", from];
  const began = clock.now();
  let late = await readLate(table, began, writeTimesOf(range, signal));
  let timestamp = clock.deleteTime();
  if (timestamp < began) {
    // The clock stepped back while the rows were read. What is dated between both times was passed over.
    late = await readLate(table, 0, writeTimesOf(range, signal));
    timestamp = clock.deleteTime();
  }
  const own = late.filter(({ deleteTime }) => deleteTime > timestamp);
  await table.removeRange(range, own.slice(0, IDS_PER_DELETE), { timestamp, signal });
  for (let at = IDS_PER_DELETE; at < own.length; at += IDS_PER_DELETE) {
    await table.removeRows(own.slice(at, at + IDS_PER_DELETE), { timestamp, signal });
  }
  return timestamp;
}

/**
 * Deletes these rows, whether the read finds them or not: a replica may lag, or a write that timed out may take effect later. A
 * delete is dated by our clock, or after its row's own time where the clock's is too early.
 */
export async function removeIds(
  { table, clock }: Session,
  ids: readonly string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  for (let at = 0; at < ids.length; at += IDS_PER_DELETE) {
    const step = ids.slice(at, at + IDS_PER_DELETE).map((id) => id.toLowerCase());
    const rows = await table.rows(writeTimesOf(["IN", step], signal));
    const timestamp = clock.deleteTime();
    const late = [...updatedAfter(timestamp, step, table), ...datedAfter(timestamp, rows)];
    // A row may be in both lists. The time that was read stands last and counts: it is the later one, or, where a replica lags,
    // close to it.
    const times = new Map(late.map(({ id, deleteTime }) => [id, deleteTime]));
    const removed = step.map((id) => ({ id, deleteTime: times.get(id) }));
    await table.removeRows(removed, { timestamp, signal });
  }
}

async function readLate(table: MessageTable, time: number, query: RowQuery): Promise<DatedRow[]> {
  const late: DatedRow[] = [];
  for await (const { rows } of table.pages(query)) for (const row of datedAfter(time, rows)) late.push(row);
  return late;
}

/** Those of the rows for which a delete at this time is not late enough. */
function datedAfter(time: number, rows: readonly StoredRow[]): DatedRow[] {
  return rows.flatMap((row) => lateRow(time, row.id, writeTimeOf(row)));
}

/** The same, for the last updates that this process sent: a replica that lags may not have shown the update, or the row. */
function updatedAfter(time: number, ids: readonly string[], { memory }: MessageTable): DatedRow[] {
  return ids.flatMap((id) => lateRow(time, id, memory.lastUpdate(id)?.writeTime ?? 0));
}

/** The id becomes text only where it is needed: most rows of a clear are old enough. */
function lateRow(time: number, id: { toString(): string }, writeTime: number): DatedRow | [] {
  const needed = earliestDelete(writeTime);
  return needed > time ? { id: id.toString(), deleteTime: needed } : [];
}

function writeTimesOf(range: Range | undefined, signal: AbortSignal | undefined): RowQuery {
  return { order: "newest-first", bounds: range === undefined ? [] : [range], parts: ["writetime", "id"], signal };
}
