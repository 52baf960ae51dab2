import type { SessionsTableName } from "../options/sessions-options.ts";
import { quoteIdentifier } from "./identifiers.ts";
import type { TableDefinition } from "./statements.ts";

/** The columns of an entry that hold one value each. */
export const VALUE_COLUMNS = ["last_active", "created_at", "title", "pinned", "archived"] as const;
export type ValueColumn = (typeof VALUE_COLUMNS)[number];

/** What is read of each session of a user. */
export type SessionPart = "activity" | "dates";

/** Every CQL text that the library sends to a sessions table. */
export class SessionStatements {
  readonly definition: TableDefinition;
  /** The whole entries of some sessions of a user. */
  readonly read: string;
  /** All sessions of a user: what a list is sorted and filtered by, or when the entries were written. */
  readonly list: Readonly<Record<SessionPart, string>>;
  /** Each sets one column, at a time and with an expiry of its own: 0 is none. A value of null removes. */
  readonly set: Readonly<Record<ValueColumn, string>>;
  readonly setMetadata: string;
  readonly delete: string;

  constructor({ keyspace, sessionsTable }: SessionsTableName) {
    const name = `${quoteIdentifier(keyspace)}.${quoteIdentifier(sessionsTable)}`;
    const one = `WHERE "user_id" = ? AND "session_id" = ?`;
    const update = `UPDATE ${name} USING TIMESTAMP ? AND TTL ? SET`;
    // WRITETIME and TTL of a map are not in Cassandra 4.1.
    const writeTimes = VALUE_COLUMNS.map((column) => `WRITETIME("${column}") AS ${column}_writetime`).join(", ");
    const ttls = VALUE_COLUMNS.map((column) => `TTL("${column}") AS ${column}_ttl`).join(", ");
    const values = VALUE_COLUMNS.map((column) => `"${column}"`).join(", ");
    this.definition = Object.freeze({
      keyspace,
      table: sessionsTable,
      createStatement: `CREATE TABLE IF NOT EXISTS ${name} (
  "user_id" text, "session_id" text, "last_active" timestamp, "created_at" timestamp, "title" text,
  "pinned" boolean, "archived" boolean, "metadata" map<text, text>,
  PRIMARY KEY (("user_id"), "session_id")
)`,
      probe: `SELECT "session_id" FROM ${name} WHERE "user_id" IN ()`,
      columns: [
        { column_name: "user_id", kind: "partition_key", type: "text" },
        { column_name: "session_id", kind: "clustering", type: "text" },
        { column_name: "last_active", kind: "regular", type: "timestamp" },
        { column_name: "created_at", kind: "regular", type: "timestamp" },
        { column_name: "title", kind: "regular", type: "text" },
        { column_name: "pinned", kind: "regular", type: "boolean" },
        { column_name: "archived", kind: "regular", type: "boolean" },
        { column_name: "metadata", kind: "regular", type: "map<text, text>" },
      ],
      nameOption: "sessionsTable",
    });
    const columns = `"session_id", ${values}, "metadata", ${writeTimes}, ${ttls}, now() AS server_time`;
    this.read = `SELECT ${columns} FROM ${name} WHERE "user_id" = ? AND "session_id" IN ?`;
    this.list = {
      activity: `SELECT "session_id", "last_active", "pinned", "archived" FROM ${name} WHERE "user_id" = ?`,
      dates: `SELECT "session_id", "last_active", ${writeTimes} FROM ${name} WHERE "user_id" = ?`,
    };
    const set = (column: ValueColumn): string => `${update} "${column}" = ? ${one}`;
    this.set = {
      last_active: set("last_active"),
      created_at: set("created_at"),
      title: set("title"),
      pinned: set("pinned"),
      archived: set("archived"),
    };
    this.setMetadata = `${update} "metadata"[?] = ? ${one}`;
    this.delete = `DELETE FROM ${name} USING TIMESTAMP ? ${one}`;
  }
}
