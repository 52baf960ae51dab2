import type { EntryOrder } from "../options/arguments.ts";
import { resolveTableOptions, type TableNames, type TableOptions } from "../options/table-options.ts";
import { quoteIdentifier } from "./identifiers.ts";
import type { ColumnRow } from "./system-schema.ts";

/** What setting a table up needs to know of it. */
export interface TableDefinition {
  readonly keyspace: string;
  readonly table: string;
  /** The `CREATE TABLE IF NOT EXISTS`. */
  readonly createStatement: string;
  /** A `SELECT` that reads no row and asks no other node. A node that answers it works with the table. */
  readonly probe: string;
  /** The columns that it must have. */
  readonly columns: readonly ColumnRow[];
  /** The option that names the table where it must have these very columns; undefined where an option names them. */
  readonly nameOption?: string;
}

/** Which rows of a session, by their ids. Each bound becomes a marker, in this order after the session's. */
export type Bound = ">" | ">=" | "<" | "<=" | "=" | "IN";

/** What is read of a row. `ttl` is the seconds that its message has left, `now` the server's time at the read. */
export type RowPart = "id" | "message" | "writetime" | "ttl" | "now";

/** Every CQL text that the library sends to a message table. */
export class Statements {
  readonly definition: TableDefinition;
  readonly insert: string;
  readonly insertWithTtl: string;
  readonly #table: string;
  readonly #session: string;
  readonly #id: string;
  readonly #parts: Readonly<Record<RowPart, string>>;
  /** Each text is made once, and kept by what it selects: the driver looks a statement up by its text. */
  readonly #selects = new Map<string, string>();

  constructor(names: TableNames) {
    const { keyspace, table, columns } = names;
    const name = `${quoteIdentifier(keyspace)}.${quoteIdentifier(table)}`;
    const session = quoteIdentifier(columns.sessionId);
    const id = quoteIdentifier(columns.messageId);
    const message = quoteIdentifier(columns.message);
    this.#table = name;
    this.#session = session;
    this.#id = id;
    this.#parts = {
      id: `${id} AS id`,
      message: `${message} AS message`,
      ttl: `TTL(${message}) AS ttl`,
      writetime: `WRITETIME(${message}) AS writetime`,
      now: "now() AS now",
    };
    this.definition = Object.freeze({
      keyspace,
      table,
      createStatement: `CREATE TABLE IF NOT EXISTS ${name} (
  ${session} text, ${id} timeuuid, ${message} text,
  PRIMARY KEY ((${session}), ${id})
) WITH CLUSTERING ORDER BY (${id} DESC)`,
      probe: `SELECT ${id} FROM ${name} WHERE ${session} IN ()`,
      columns: [
        { column_name: columns.sessionId, kind: "partition_key", type: "text" },
        { column_name: columns.messageId, kind: "clustering", type: "timeuuid" },
        { column_name: columns.message, kind: "regular", type: "text" },
      ],
    });
    // The markers name their types, so that the server refuses a table with other types. Without them the driver encodes a text
    // as whatever the column is, a boolean for instance. The partition key's marker has no type: with one, the driver could not
    // tell the replicas of the session.
    this.insert = `INSERT INTO ${name} (${session}, ${id}, ${message}) VALUES (?, (timeuuid)?, (text)?)`;
    this.insertWithTtl = `${this.insert} USING TTL ?`;
  }

  select(parts: readonly RowPart[], bounds: readonly Bound[], order: EntryOrder): string {
    const key = `${order} ${parts.join()} ${bounds.join()}`;
    const known = this.#selects.get(key);
    if (known !== undefined) return known;
    const columns = parts.map((part) => this.#parts[part]).join(", ");
    const direction = order === "newest-first" ? "DESC" : "ASC";
    const made = `SELECT ${columns} FROM ${this.#table}${this.#where(bounds)} ORDER BY ${this.#id} ${direction}`;
    this.#selects.set(key, made);
    return made;
  }

  delete(bounds: readonly Bound[]): string {
    return `DELETE FROM ${this.#table}${this.#where(bounds)}`;
  }

  /** One row, at a time of its own: the first marker. */
  deleteAt(): string {
    return `DELETE FROM ${this.#table} USING TIMESTAMP ?${this.#where(["="])}`;
  }

  #where(bounds: readonly Bound[]): string {
    return [` WHERE ${this.#session} = ?`, ...bounds.map((bound) => `${this.#id} ${bound} ?`)].join(" AND ");
  }
}

/**
 * The `CREATE TABLE IF NOT EXISTS` that the library runs, for operators who run it themselves. It sets no table option, so that
 * it works on Cassandra 4.1 and 5, Astra DB and ScyllaDB.
 *
 * @throws `INVALID_OPTION`
 * @example
 * ```ts
 * console.log(createTableStatement({ keyspace: "app" }));
 * ```
 */
export function createTableStatement(options: TableOptions): string {
  return new Statements(resolveTableOptions(options)).definition.createStatement;
}
