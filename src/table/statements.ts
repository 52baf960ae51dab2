import { quoteIdentifier } from "./identifiers.ts";

/** The three columns that the library reads and writes. */
export interface HistoryColumns {
  readonly sessionId: string;
  readonly messageId: string;
  readonly message: string;
}

/** The column names of LangChain's Python class, so that both languages share one table. */
export const PYTHON_COLUMNS: HistoryColumns = Object.freeze({
  sessionId: "partition_id",
  messageId: "row_id",
  message: "body_blob",
});

export interface TableNames {
  readonly keyspace: string;
  readonly table: string;
  readonly columns: HistoryColumns;
}

export type RowOrder = "oldest-first" | "newest-first";

/** Which rows of a session, by their ids. Each bound becomes a marker, in this order after the session's. */
export type Bound = ">" | ">=" | "<" | "<=" | "=" | "IN";

/** What is read of a row beside its id: its message, when it expires, when it was written. */
export type RowPart = "message" | "ttl" | "writetime";

/** More tables than most processes use; beyond them, texts are made anew. */
const MAX_SHARED = 256;

/** Every CQL text that the library sends to its table. */
export class Statements {
  readonly createTable: string;
  readonly insert: string;
  readonly insertWithTtl: string;
  /** Reads no row and asks no other node: a node that takes it works with the table. */
  readonly probe: string;
  readonly #table: string;
  readonly #session: string;
  readonly #id: string;
  readonly #parts: Readonly<Record<RowPart, string>>;
  /** Made once each, by what they were asked for: the driver looks a statement up by its text. */
  readonly #selects = new Map<string, string>();

  /** The texts for a table, shared by all that use it: a history per request makes none anew. */
  static of(names: TableNames): Statements {
    const { keyspace, table, columns } = names;
    // Names are well-formed, so that no two lists of them join to one text by a lone surrogate.
    const key = [keyspace, table, columns.sessionId, columns.messageId, columns.message].join("\ud800");
    const known = shared.get(key);
    if (known !== undefined) return known;
    if (shared.size >= MAX_SHARED) shared.clear();
    const made = new Statements(names);
    shared.set(key, made);
    return made;
  }

  constructor({ keyspace, table, columns }: TableNames) {
    const name = `${quoteIdentifier(keyspace)}.${quoteIdentifier(table)}`;
    const session = quoteIdentifier(columns.sessionId);
    const id = quoteIdentifier(columns.messageId);
    const message = quoteIdentifier(columns.message);
    this.#table = name;
    this.#session = session;
    this.#id = id;
    this.#parts = {
      message: `${message} AS message`,
      ttl: `TTL(${message}) AS ttl`,
      writetime: `WRITETIME(${message}) AS writetime`,
    };
    this.createTable = `CREATE TABLE IF NOT EXISTS ${name} (
  ${session} text, ${id} timeuuid, ${message} text,
  PRIMARY KEY ((${session}), ${id})
) WITH CLUSTERING ORDER BY (${id} DESC)`;
    this.insert = `INSERT INTO ${name} (${session}, ${id}, ${message}) VALUES (?, ?, ?)`;
    this.insertWithTtl = `${this.insert} USING TTL ?`;
    this.probe = `SELECT ${id} FROM ${name} WHERE ${session} IN ()`;
  }

  select(parts: readonly RowPart[], bounds: readonly Bound[], order: RowOrder): string {
    const key = `${order} ${parts.join()} ${bounds.join()}`;
    const known = this.#selects.get(key);
    if (known !== undefined) return known;
    const columns = [`${this.#id} AS id`, ...parts.map((part) => this.#parts[part])].join(", ");
    const direction = order === "newest-first" ? "DESC" : "ASC";
    const made = `SELECT ${columns} FROM ${this.#table}${this.#where(bounds)} ORDER BY ${this.#id} ${direction}`;
    this.#selects.set(key, made);
    return made;
  }

  delete(bounds: readonly Bound[]): string {
    return `DELETE FROM ${this.#table}${this.#where(bounds)}`;
  }

  #where(bounds: readonly Bound[]): string {
    return [` WHERE ${this.#session} = ?`, ...bounds.map((bound) => `${this.#id} ${bound} ?`)].join(" AND ");
  }
}

const shared = new Map<string, Statements>();
