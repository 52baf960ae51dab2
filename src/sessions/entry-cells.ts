import { toDate } from "../ids/readings.ts";
import { justAfter } from "../table/meeting-edits.ts";
import { newestDate, type SessionRow, type StoredCell, serverSeconds } from "../table/session-row.ts";
import type { ValueColumn } from "../table/session-statements.ts";
import type { SessionCell } from "../table/sessions-table.ts";
import type { MetadataTexts } from "./metadata.ts";

/*
 * Pure: which values of an entry are written, and how each is dated. Cassandra keeps the write with the newest date; of one date
 * a delete, then the later expiry, then an expiring value.
 */

/** When values are dated, and when they expire. */
export interface Dating {
  /** Microseconds since 1970. */
  readonly timestamp: number;
  /** 0 is no expiry. */
  readonly ttlSeconds: number;
}

/** The last activity: the millisecond of its own write, so that it never goes back. */
export function activity(dating: Dating): SessionCell {
  return { column: "last_active", value: dateOf(dating.timestamp), ...dating };
}

export function dateOf(micros: number): Date {
  return toDate(Math.floor(micros / 1000));
}

export function earliest(a: Date, b: Date): Date {
  return toDate(Math.min(a.getTime(), b.getTime()));
}

export function latest(a: Date, b: Date): Date {
  return toDate(Math.max(a.getTime(), b.getTime()));
}

/** The expiry of an entry that has to be there for so many seconds more, and at least as long as it is there already. */
export function longerExpiry(row: SessionRow | undefined, ttlSeconds: number): number {
  if (ttlSeconds === 0 || row?.lastActive === undefined) return ttlSeconds;
  const { expiresAt } = row.lastActive;
  return expiresAt === Number.POSITIVE_INFINITY ? 0 : Math.max(ttlSeconds, expiresAt - serverSeconds(row));
}

/** What is left of an entry's expiry. */
export function remainingExpiry(row: SessionRow): number {
  return longerExpiry(row, 1);
}

/**
 * What has to be written beside the last activity: when the session was created, where no process has written that; and what is
 * stored already, where it would expire before the entry.
 */
export function companions(row: SessionRow | undefined, dating: Dating): SessionCell[] {
  if (row?.lastActive === undefined || row.createdAt === undefined) {
    const own = dateOf(dating.timestamp);
    return [{ column: "created_at", value: earliest(row?.lastActive?.value ?? own, own), ...dating }];
  }
  return extensions(row, row.createdAt, dating);
}

/**
 * Each value again, with its own date and the new expiry: of one date the later expiry wins, and a change that meets it is dated
 * later and wins. To make a value last takes a date one microsecond later.
 */
function extensions(row: SessionRow, createdAt: StoredCell<Date>, { timestamp, ttlSeconds }: Dating): SessionCell[] {
  const expiresAt = ttlSeconds === 0 ? Number.POSITIVE_INFINITY : serverSeconds(row) + ttlSeconds;
  const extend = ({ writeTime }: StoredCell<unknown>): Dating => ({
    timestamp: ttlSeconds === 0 ? justAfter(writeTime) : writeTime,
    ttlSeconds,
  });
  const cells: SessionCell[] = [];
  for (const [column, cell] of storedValues(row)) {
    // An activity that is older than the one that is written beside it gives way to that.
    const stays = column !== "last_active" || cell.writeTime > timestamp;
    if (stays && cell.expiresAt < expiresAt) cells.push({ column, value: cell.value, ...extend(cell) });
  }
  if (createdAt.expiresAt >= expiresAt) return cells;
  // When a key was written cannot be read. It was no later than `created_at`, which every change writes again.
  for (const [key, text] of row.metadata) cells.push({ column: { metadata: key }, value: text, ...extend(createdAt) });
  return cells;
}

function storedValues(row: SessionRow): [ValueColumn, StoredCell<string | boolean | Date>][] {
  const { lastActive, createdAt, title, pinned, archived } = row;
  const all = { last_active: lastActive, created_at: createdAt, title, pinned, archived } as const;
  const columns = Object.keys(all) as (keyof typeof all)[];
  return columns.flatMap((column) => {
    const cell = all[column];
    return cell === undefined ? [] : [[column, cell]];
  });
}

/** What an application changes of an entry. Null removes. */
export interface EntryChanges {
  readonly title?: string | null | undefined;
  readonly pinned?: boolean | undefined;
  readonly archived?: boolean | undefined;
  readonly metadata: MetadataTexts;
}

export function changeCells({ title, pinned, archived, metadata }: EntryChanges, dating: Dating): SessionCell[] {
  const cells: SessionCell[] = [];
  if (title !== undefined) cells.push({ column: "title", value: title, ...dating });
  if (pinned !== undefined) cells.push({ column: "pinned", value: pinned, ...dating });
  if (archived !== undefined) cells.push({ column: "archived", value: archived, ...dating });
  for (const [key, text] of metadata) cells.push({ column: { metadata: key }, value: text, ...dating });
  return cells;
}

/**
 * When a change of an entry is dated: just after its newest value, whatever the time is. A delete that meets it is dated by the
 * clock, and wins; and where the session is made anew, the change is older.
 */
export function changeDating(row: SessionRow): Dating {
  return { timestamp: justAfter(newestDate(row)), ttlSeconds: remainingExpiry(row) };
}
