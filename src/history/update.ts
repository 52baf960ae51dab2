import { performance } from "node:perf_hooks";
import { MAX_TTL_SECONDS, SLOW_WRITE_MS, WRITES_PER_UPDATE } from "../options/limits.ts";
import { throwIfAborted } from "../table/abort.ts";
import { updateTime } from "../table/edit-dates.ts";
import type { MessageTable, RowPage, Selection } from "../table/message-table.ts";
import { type InsertRow, type StoredRow, writeTimeOf } from "../table/row.ts";
import type { LastUpdate, Turn } from "../table/row-memory.ts";
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
 * process the later call is dated later, even where the earlier one timed out.
 *
 * The row expires when it would have. The server counts the expiry from when the write arrives, which may be late. So after a
 * slow write the row is read again, and written again where it would expire more than a second late.
 */
export async function replaceRow(table: MessageTable, replacement: Replacement): Promise<boolean> {
  const { id, turn, signal } = replacement;
  await turn.start;
  for (let writes = 0; writes < WRITES_PER_UPDATE; writes += 1) {
    throwIfAborted(signal);
    const found = await findRow(table, replacement);
    if (found === undefined) return writes > 0;
    if (writes > 0 && found.late <= 1) return true;
    // The first slow write may be the last. Where the second one is slow as well, the third is taken to be as late.
    const { milliseconds, timestamp } = await write(table, replacement, found, writes > 1 ? found.late : 0);
    if (milliseconds === undefined) {
      // It arrived when the message was to be gone.
      if (writes > 0) await table.removeRows([{ id }], { timestamp, signal });
      return false;
    }
    if (found.expiresAt === undefined || milliseconds <= SLOW_WRITE_MS) return true;
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
  /** How long it took; undefined where nothing was left of the expiry, and nothing was sent. */
  readonly milliseconds: number | undefined;
  readonly timestamp: number;
}

/** @param late - seconds by which the write is expected to arrive late */
async function write(
  table: MessageTable,
  { id, text, signal }: Replacement,
  { row, page, expiresAt }: FoundRow,
  late: number,
): Promise<SentWrite> {
  const timestamp = updateTime(writeTimeOf(row), table.memory.lastUpdate(id)?.writeTime);
  table.memory.rememberUpdate(id, { writeTime: timestamp, expiresAt });
  let sentAt: number | undefined;
  const rows = (): Pick<InsertRow, "id" | "text" | "ttlSeconds">[] => {
    // 0 is no expiry, even in a table that has a default one.
    const ttlSeconds = expiresAt === undefined ? 0 : expiresAt - serverSeconds(page) - late;
    if (expiresAt !== undefined && ttlSeconds < 1) return [];
    sentAt = performance.now();
    return [{ id, text, ttlSeconds: Math.min(ttlSeconds, MAX_TTL_SECONDS) }];
  };
  await table.update(rows, { timestamp, signal });
  return { milliseconds: sentAt === undefined ? undefined : performance.now() - sentAt, timestamp };
}
