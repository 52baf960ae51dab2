import { readSteadyMillis } from "../ids/readings.ts";
import { MAX_TTL_SECONDS, WRITES_PER_UPDATE } from "../options/limits.ts";
import { throwIfAborted } from "../table/abort.ts";
import { updateTime } from "../table/meeting-edits.ts";
import type { MessageTable, RowPage, Selection } from "../table/message-table.ts";
import type { LastUpdate, Turn } from "../table/row-memory.ts";
import { type InsertRow, type StoredRow, writeTimeOf } from "../table/stored-row.ts";
import { expiryOf, serverSeconds } from "./expiry.ts";

/** The new text of a row, and the update's place among the updates of the row. */
export interface Replacement extends Pick<InsertRow, "id" | "text"> {
  readonly turn: Turn;
  readonly signal: AbortSignal | undefined;
}

/** A row that was read to be replaced. */
interface FoundRow {
  readonly row: StoredRow;
  readonly page: RowPage;
  /** When it is to expire, in seconds of the servers' clock. */
  readonly expiresAt: number | undefined;
  /** Seconds by which it would expire later than that. */
  readonly late: number;
}

/**
 * Replaces one row; false where there is none, or nothing is left of its expiry. Waits for its turn: of two updates of this
 * process the later call is dated later, even where the earlier one timed out. A delete that meets the update wins:
 * `table/meeting-edits.ts` dates both.
 *
 * The row expires when it would have. The server counts the expiry from the second in which the write arrives. Where that may be
 * a later one than was reckoned with, the row is read again, and written again if it would expire late.
 */
export async function replaceRow(table: MessageTable, replacement: Replacement): Promise<boolean> {
  const { id, turn, signal } = replacement;
  await turn.start;
  let last: SentWrite | undefined;
  for (let writes = 0; writes < WRITES_PER_UPDATE; writes += 1) {
    throwIfAborted(signal);
    const found = await findRow(table, replacement);
    if (found === undefined) return writes > 0;
    // Somebody else's update stands as it is.
    if (last !== undefined && (found.late < 1 || writeTimeOf(found.row) !== last.timestamp)) return true;
    // One slow write may be chance. After two, the third is expected to take as long as the second, and gets so much less expiry.
    const sent = await write(table, replacement, found, writes > 1 ? (last?.milliseconds ?? 0) : 0);
    if (sent.isTooLate) {
      // The last write arrived when the message was to be gone.
      if (last !== undefined) await table.removeRows([{ id }], { timestamp: sent.timestamp, signal });
      return false;
    }
    if (found.expiresAt === undefined || serverSeconds(found.page) <= sent.countedFrom) return true;
    last = sent;
  }
  return true;
}

async function findRow(table: MessageTable, { id, signal }: Replacement): Promise<FoundRow | undefined> {
  const parts: Selection = ["writetime", "ttl", "now"];
  for await (const page of table.pages({ order: "newest-first", bounds: [["=", id]], parts, signal })) {
    const [row] = page.rows;
    if (row === undefined) continue;
    const read = expiryOf(row);
    const expiresAt =
      read === undefined ? undefined : (rememberedExpiry(row, read, table.memory.lastUpdate(id)) ?? read);
    return { row, page, expiresAt, late: (read ?? 0) - (expiresAt ?? 0) };
  }
  return undefined;
}

/**
 * The expiry that was read first, unless somebody else has given the row another one. What is read after a write of ours may be
 * off by a second, and by more after a slow one: that must not add up.
 */
function rememberedExpiry(row: StoredRow, read: number, last: LastUpdate | undefined): number | undefined {
  if (last?.expiresAt === undefined) return undefined;
  const isOwn = writeTimeOf(row) === last.writeTime;
  return isOwn || Math.abs(last.expiresAt - read) <= 1 ? last.expiresAt : undefined;
}

interface SentWrite {
  readonly timestamp: number;
  /** The second of the servers' clock from which its expiry was counted: that in which it was expected to arrive. */
  readonly countedFrom: number;
  readonly milliseconds: number;
  /** Nothing was left of the expiry, and nothing was sent. */
  readonly isTooLate: boolean;
}

/** @param delay - milliseconds that it is expected to take */
async function write(
  table: MessageTable,
  { id, text, signal }: Replacement,
  { row, page, expiresAt }: FoundRow,
  delay: number,
): Promise<SentWrite> {
  const timestamp = updateTime(writeTimeOf(row), table.memory.lastUpdate(id)?.writeTime);
  table.memory.rememberUpdate(id, { writeTime: timestamp, expiresAt });
  let [sentAt, countedFrom, isTooLate] = [0, 0, false];
  const rows = (): Pick<InsertRow, "id" | "text" | "ttlSeconds">[] => {
    countedFrom = serverSeconds(page, delay);
    // 0 is no expiry, even in a table that has a default one.
    const ttlSeconds = expiresAt === undefined ? 0 : expiresAt - countedFrom;
    isTooLate = expiresAt !== undefined && ttlSeconds < 1;
    if (isTooLate) return [];
    sentAt = readSteadyMillis();
    return [{ id, text, ttlSeconds: Math.min(ttlSeconds, MAX_TTL_SECONDS) }];
  };
  await table.update(rows, { timestamp, signal });
  return { timestamp, countedFrom, isTooLate, milliseconds: readSteadyMillis() - sentAt };
}
