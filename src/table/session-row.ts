import type { types } from "cassandra-driver";
import { readSteadyMillis } from "../ids/readings.ts";
import { VALUE_COLUMNS, type ValueColumn } from "./session-statements.ts";

/** A value as it is stored. */
export interface StoredCell<Value> {
  readonly value: Value;
  /** Microseconds since 1970. */
  readonly writeTime: number;
  /** Seconds of the servers' clock since 1970; infinite where it does not expire. */
  readonly expiresAt: number;
}

/** The entry of a session as it is stored. Without a last activity it is none: its cells are left of a session that is gone. */
export interface SessionRow {
  readonly sessionId: string;
  readonly lastActive: StoredCell<Date> | undefined;
  readonly createdAt: StoredCell<Date> | undefined;
  readonly title: StoredCell<string> | undefined;
  readonly pinned: StoredCell<boolean> | undefined;
  readonly archived: StoredCell<boolean> | undefined;
  /** JSON texts by their keys. When they were written cannot be read: no later than `createdAt`. */
  readonly metadata: ReadonlyMap<string, string>;
  /** The servers' clock at the read, in milliseconds since 1970. */
  readonly serverTime: number;
  /** The steady clock when the read was sent, in milliseconds. */
  readonly sentAt: number;
}

/** When the entry was last written, as far as that can be read: microseconds since 1970. 0 where nothing is stored. */
export function newestWriteTime(row: types.Row): number {
  return Math.max(0, ...VALUE_COLUMNS.map((column) => Number(row[`${column}_writetime`] ?? 0)));
}

/** The same, of an entry that was read whole. */
export function newestDate({ lastActive, createdAt, title, pinned, archived }: SessionRow): number {
  return Math.max(0, ...[lastActive, createdAt, title, pinned, archived].map((cell) => cell?.writeTime ?? 0));
}

/** Seconds of the servers' clock now: what it was at the read, and the time that has passed since. */
export function serverSeconds({ serverTime, sentAt }: SessionRow): number {
  const elapsed = readSteadyMillis() - sentAt;
  return Math.floor((serverTime + (Number.isFinite(elapsed) ? Math.max(0, elapsed) : 0)) / 1000);
}

export function toSessionRow(row: types.Row, sentAt: number): SessionRow {
  const serverTime = row["server_time"].getDate().getTime();
  const cell = <Value>(column: ValueColumn): StoredCell<Value> | undefined => {
    const value = row[column] ?? undefined;
    if (value === undefined) return undefined;
    const ttl: number | null = row[`${column}_ttl`];
    const expiresAt = ttl === null ? Number.POSITIVE_INFINITY : Math.floor(serverTime / 1000) + ttl;
    return { value, writeTime: Number(row[`${column}_writetime`]), expiresAt };
  };
  return {
    sessionId: row["session_id"],
    lastActive: cell<Date>("last_active"),
    createdAt: cell<Date>("created_at"),
    title: cell<string>("title"),
    pinned: cell<boolean>("pinned"),
    archived: cell<boolean>("archived"),
    metadata: toMap(row["metadata"]),
    serverTime,
    sentAt,
  };
}

/** What the driver makes of a map is for the client's `encoding` options to say: an object, or a class like Map. */
function toMap(given: unknown): ReadonlyMap<string, string> {
  if (typeof given !== "object" || given === null) return new Map();
  if (!("forEach" in given) || typeof given.forEach !== "function") return new Map(Object.entries(given));
  const map = new Map<string, string>();
  given.forEach((value: string, key: string) => {
    map.set(key, value);
  });
  return map;
}
