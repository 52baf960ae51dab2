import type { types } from "cassandra-driver";

/** One message on its way to the table. */
export interface InsertRow {
  /** A timeuuid. */
  readonly id: string;
  readonly text: string;
  /** UTF-8 bytes of `text`. */
  readonly bytes: number;
  /** Seconds; 0 for none, even where the table has a default; undefined for the table's default. */
  readonly ttlSeconds: number | undefined;
}

/** The row's write time in microseconds since 1970. It is rounded where another writer set one above 2^53. */
export function writeTimeOf({ writetime }: StoredRow): number {
  return Number(writetime);
}

/** What is stored of a message. */
export type NewRow = Pick<InsertRow, "id" | "text" | "ttlSeconds">;

/**
 * One stored message, as the driver gives it, with the parts that its query names. A long read copies no row, and makes text of
 * the few ids that are asked for.
 */
export interface StoredRow {
  readonly id: types.TimeUuid;
  readonly message: string | null;
  readonly writetime?: types.Long | bigint | null;
  /** Seconds that it has left; null where it does not expire. */
  readonly ttl?: number | null;
  /** The server's time at the read. */
  readonly now?: types.TimeUuid;
}

/** A row to delete. */
export interface RemovedRow {
  readonly id: string;
  /** When that is dated, where it is not at the time of the whole request: microseconds since 1970. */
  readonly deleteTime?: number | undefined;
}

/**
 * Whether the row holds a message. Two kinds of rows do not, and every reader leaves them out: a row whose message was deleted or
 * has expired, but which a column of another service keeps alive; and a row of static columns alone, which has no id.
 */
export function holdsMessage(row: types.Row): row is types.Row & StoredRow {
  return (row["message"] ?? row["writetime"] ?? null) !== null;
}
