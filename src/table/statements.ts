import { quoteIdentifier } from "./identifiers.ts";

/** The three columns that the library reads and writes. */
export interface HistoryColumns {
  readonly sessionId: string;
  readonly messageId: string;
  readonly message: string;
}

export interface TableNames {
  readonly keyspace: string;
  readonly table: string;
  readonly columns: HistoryColumns;
}

/** Every CQL text that the library sends to its table. */
export interface Statements {
  readonly createTable: string;
  readonly insert: string;
  readonly insertWithTtl: string;
  readonly selectNewestFirst: string;
  readonly deleteSession: string;
}

export function writeStatements({ keyspace, table, columns }: TableNames): Statements {
  const name = `${quoteIdentifier(keyspace)}.${quoteIdentifier(table)}`;
  const session = quoteIdentifier(columns.sessionId);
  const id = quoteIdentifier(columns.messageId);
  const message = quoteIdentifier(columns.message);
  const insert = `INSERT INTO ${name} (${session}, ${id}, ${message}) VALUES (?, ?, ?)`;
  return Object.freeze({
    createTable: `CREATE TABLE IF NOT EXISTS ${name} (
  ${session} text, ${id} timeuuid, ${message} text,
  PRIMARY KEY ((${session}), ${id})
) WITH CLUSTERING ORDER BY (${id} DESC)`,
    insert,
    insertWithTtl: `${insert} USING TTL ?`,
    selectNewestFirst: `SELECT ${id} AS id, ${message} AS message FROM ${name} WHERE ${session} = ? ORDER BY ${id} DESC`,
    deleteSession: `DELETE FROM ${name} WHERE ${session} = ?`,
  });
}
