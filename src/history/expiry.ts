import { readSteadyMillis } from "../ids/readings.ts";
import { idMillis } from "../ids/timeuuid.ts";
import type { RowPage } from "../table/message-table.ts";
import type { StoredRow } from "../table/stored-row.ts";

/*
 * `TTL()` counts from the second of the read to the second in which the message expires, both of the server's clock. With the
 * server's time at the read, `now()`, that second is known exactly. What is left of it is counted at the write.
 */

/** When a row expires, in seconds of the servers' clock; undefined where it does not. */
export function expiryOf({ ttl, now }: StoredRow): number | undefined {
  if (ttl === null || ttl === undefined || now === undefined) return undefined;
  return toSeconds(idMillis(now.getBuffer())) + ttl;
}

/** The servers' clock now, or so many milliseconds later, in seconds: what it was at the read of a page, and the time since. */
export function serverSeconds(page: RowPage, later = 0): number {
  return toSeconds(readTime(page) + millisSince(page) + later);
}

/** A function that tells how many seconds the servers' clock has counted since the read of a page. */
export function countSeconds(page: RowPage): () => number {
  const readAt = toSeconds(readTime(page));
  return () => serverSeconds(page) - readAt;
}

/** Taken from the first row: `now()` is evaluated for each row, later and later, while `TTL()` counts from the request. */
function readTime({ rows }: RowPage): number {
  const now = rows[0]?.now;
  return now === undefined ? 0 : idMillis(now.getBuffer());
}

/** Counted from when the read was sent, which is before the server read. So a message never gets more time than it has left. */
function millisSince({ sentAt }: RowPage): number {
  const elapsed = readSteadyMillis() - sentAt;
  return Number.isFinite(elapsed) ? Math.max(0, elapsed) : 0;
}

function toSeconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000);
}
