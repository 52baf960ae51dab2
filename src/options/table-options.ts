import { invalidOption } from "../errors/refusals.ts";
import { DEFAULT_TABLE } from "./limits.ts";
import { name, type OptionSchema, optionsObject } from "./schemas.ts";
import { validate } from "./validation.ts";

/** The names of the three columns that the library reads and writes. */
export interface HistoryColumns {
  /** The partition key, of type `text`. */
  readonly sessionId: string;
  /** The clustering key, of type `timeuuid`. */
  readonly messageId: string;
  /** The message, of type `text`. */
  readonly message: string;
}

/** The column names of LangChain's Python class, so that both languages share one table. */
export const PYTHON_COLUMNS: HistoryColumns = Object.freeze({
  sessionId: "partition_id",
  messageId: "row_id",
  message: "body_blob",
});

const DEFAULT_COLUMNS: HistoryColumns = Object.freeze({
  sessionId: "session_id",
  messageId: "message_id",
  message: "message",
});

/** The names that a statement on the message table needs: the same options as a history's. */
export interface TableOptions {
  /** An existing keyspace, spelled as it was created: case counts. */
  readonly keyspace: string;
  /** The table's name: case counts. @defaultValue `"message_store"` */
  readonly table?: string | undefined;
  /** Column names; those left out keep their default. @defaultValue `session_id`, `message_id` and `message` */
  readonly columns?: { readonly [Column in keyof HistoryColumns]?: string | undefined } | undefined;
}

/** All names of a table, complete and checked. */
export interface TableNames {
  readonly keyspace: string;
  readonly table: string;
  readonly columns: HistoryColumns;
}

/** What each name has to be. */
export const tableShape: Readonly<Record<keyof TableOptions, OptionSchema | ReturnType<OptionSchema["unwrap"]>>> = {
  keyspace: name("keyspace").unwrap(),
  table: name("table"),
  columns: optionsObject(
    { sessionId: name("column"), messageId: name("column"), message: name("column") },
    "an object of column names: sessionId, messageId, message",
  ).optional(),
};

const schema = optionsObject(tableShape);

/** Throws `INVALID_OPTION`. */
export function resolveTableOptions(options: TableOptions): TableNames {
  return resolveNames(validate(schema, options));
}

/** The names with their defaults. The options have been checked; only two equal column names are refused here. */
export function resolveNames({ keyspace, table = DEFAULT_TABLE, columns }: TableOptions): TableNames {
  return { keyspace, table, columns: columns === undefined ? DEFAULT_COLUMNS : resolveColumns(columns) };
}

function resolveColumns(columns: NonNullable<TableOptions["columns"]>): HistoryColumns {
  const {
    sessionId = DEFAULT_COLUMNS.sessionId,
    messageId = DEFAULT_COLUMNS.messageId,
    message = DEFAULT_COLUMNS.message,
  } = columns;
  const resolved = Object.freeze({ sessionId, messageId, message });
  if (new Set(Object.values(resolved)).size === 3) return resolved;
  throw invalidOption("columns", "three different column names", JSON.stringify(resolved));
}
