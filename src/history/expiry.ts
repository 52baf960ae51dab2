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

/** How many seconds the servers' clock has counted since the read of a page, each time when it is asked. */
export function countSeconds(page: RowPage): () => number {
  const readAt = toSeconds(readTime(page));
  return () => serverSeconds(page) - readAt;
}

/** Of the first row: the servers ask their clock for each row, and `TTL()` counts from the time of the request. */
function readTime({ rows }: RowPage): number {
  const now = rows[0]?.now;
  return now === undefined ? 0 : idMillis(now.getBuffer());
}

/** Since the read was sent, which is before the server read: so that no message is taken to have more left than it has. */
function millisSince({ sentAt }: RowPage): number {
  const elapsed = readSteadyMillis() - sentAt;
  return Number.isFinite(elapsed) ? Math.max(0, elapsed) : 0;
}

function toSeconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000);
}
