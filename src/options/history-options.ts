import type { BaseMessage } from "@langchain/core/messages";
import type { Client, QueryOptions } from "cassandra-driver";
import { z } from "zod";
import type { MessageCodec } from "../codec/codec.ts";
import { jsonCodec } from "../codec/json.ts";
import { type HistoryColumns, Statements, type TableNames } from "../table/statements.ts";
import { custom, flag, hasFunctions, maxMessages, name, sessionId, ttlSeconds, whole } from "./schemas.ts";
import { invalidOption, validate } from "./validation.ts";

/** The driver's own query options that may differ between a history's reads and its writes. */
export type RequestOptions = Pick<
  QueryOptions,
  "consistency" | "serialConsistency" | "executionProfile" | "readTimeout" | "traceQuery"
>;

/** A row that cannot be decoded. `text` is what is stored: take care where you log it. */
export interface CorruptRow {
  readonly sessionId: string;
  readonly id: string;
  readonly text: string;
  readonly cause: unknown;
}

/** What reading does with a corrupt row: reject with `CORRUPT_ROW`, leave it out, or ask for a stand-in or nothing. */
export type CorruptRowPolicy = "throw" | "skip" | ((row: CorruptRow) => BaseMessage | undefined);

export interface CassandraChatMessageHistoryOptions {
  /** The application's own driver client, shared by as many histories as it likes. Never opened, changed or shut down here. */
  readonly client: Client;
  /** An existing keyspace, spelled as it was created: case counts. */
  readonly keyspace: string;
  /** Which conversation: the partition key, 1 to 65,535 bytes of UTF-8 without lone surrogates. */
  readonly sessionId: string;
  /** Case counts. @defaultValue `"message_store"` */
  readonly table?: string | undefined;
  /** Column names; those left out keep their default. @defaultValue `session_id`, `message_id` and `message` */
  readonly columns?: { readonly [Column in keyof HistoryColumns]?: string | undefined } | undefined;
  /** Whether to make the table where it is missing; `false` never runs DDL. @defaultValue `true` */
  readonly createTable?: boolean | undefined;
  /** Expiry of each message written, in seconds: 1 to 630,720,000 (20 years). @defaultValue none */
  readonly ttlSeconds?: number | undefined;
  /** The newest messages that `getMessages()` returns. @defaultValue all */
  readonly maxMessages?: number | undefined;
  /**
   * Rows per round trip when reading, 1 to 100,000.
   * @defaultValue 1024, but for a whole read, which goes on with as many short rows as 4 MiB hold, up to 5000
   */
  readonly pageSize?: number | undefined;
  /** For this history's reads. @defaultValue the client's own */
  readonly readOptions?: RequestOptions | undefined;
  /** For this history's writes. @defaultValue the client's own */
  readonly writeOptions?: RequestOptions | undefined;
  /** @defaultValue `"throw"` */
  readonly onCorruptRow?: CorruptRowPolicy | undefined;
  /** @defaultValue JSON in LangChain's stored-message form */
  readonly codec?: MessageCodec | undefined;
}

/** What the modules below receive: complete, checked and frozen. */
export interface ResolvedOptions extends TableNames {
  readonly client: Client;
  readonly sessionId: string;
  readonly createTable: boolean;
  readonly ttlSeconds: number | undefined;
  readonly maxMessages: number | undefined;
  readonly pageSize: number | undefined;
  readonly readOptions: RequestOptions;
  readonly writeOptions: RequestOptions;
  readonly onCorruptRow: CorruptRowPolicy;
  readonly codec: MessageCodec;
}

const DEFAULT_COLUMNS: HistoryColumns = Object.freeze({
  sessionId: "session_id",
  messageId: "message_id",
  message: "message",
});
const DEFAULT_TABLE = "message_store";
const MAX_PAGE_SIZE = 100_000;

const keyspace = name("keyspace").unwrap();
const table = name("table");
const columns = z
  .strictObject({ sessionId: name("column"), messageId: name("column"), message: name("column") })
  .describe("an object of column names: sessionId, messageId, message")
  .optional();
const requestOptions = z
  .strictObject({
    consistency: whole(0, 10, "a number of the driver's types.consistencies"),
    serialConsistency: whole(8, 9, "types.consistencies.serial or localSerial of the driver"),
    executionProfile: custom(isProfile, "the name of an execution profile, or the profile"),
    readTimeout: whole(0, Number.MAX_SAFE_INTEGER, "a whole number of milliseconds from 0 on"),
    traceQuery: flag,
  })
  .describe("an object of the driver's query options")
  .optional();

const historySchema = z.strictObject({
  client: custom(isClient, "a Client of cassandra-driver").unwrap(),
  keyspace,
  sessionId: sessionId.unwrap(),
  table,
  columns,
  createTable: flag,
  ttlSeconds,
  maxMessages,
  pageSize: whole(1, MAX_PAGE_SIZE, "a whole number from 1 to 100,000"),
  readOptions: requestOptions,
  writeOptions: requestOptions,
  onCorruptRow: custom(isCorruptRowPolicy, '"throw", "skip" or a function'),
  codec: custom(isCodec, "an object with the functions encode and decode"),
});
const tableSchema = z.strictObject({ keyspace, table, columns });

/** By what it can do: the application may have another copy of the driver than this library sees. */
function isClient(value: unknown): boolean {
  return hasFunctions(value, "execute", "batch");
}

function isCodec(value: unknown): boolean {
  return hasFunctions(value, "encode", "decode");
}

function isProfile(value: unknown): boolean {
  return typeof value === "string" || (typeof value === "object" && value !== null);
}

function isCorruptRowPolicy(value: unknown): boolean {
  return value === "throw" || value === "skip" || typeof value === "function";
}

/** Throws `INVALID_OPTION`; what comes back needs no further look. */
export function resolveOptions(options: CassandraChatMessageHistoryOptions): ResolvedOptions {
  validate(historySchema, options);
  const { keyspace, table, columns } = resolveNames(options);
  // Field by field: spreading would cost a history of one request more than all the rest of it.
  return Object.freeze({
    keyspace,
    table,
    columns,
    client: options.client,
    sessionId: options.sessionId,
    createTable: options.createTable ?? true,
    ttlSeconds: options.ttlSeconds,
    maxMessages: options.maxMessages,
    pageSize: options.pageSize,
    readOptions: copyOptions(options.readOptions),
    writeOptions: copyOptions(options.writeOptions),
    onCorruptRow: options.onCorruptRow ?? "throw",
    codec: options.codec ?? jsonCodec,
  });
}

/** Most histories have none: one object serves them all. */
const NO_OPTIONS: RequestOptions = Object.freeze({});

function copyOptions(options: RequestOptions | undefined): RequestOptions {
  return options === undefined ? NO_OPTIONS : Object.freeze({ ...options });
}

/** The names that a table statement needs, from the same options as a history. */
export type TableOptions = Pick<CassandraChatMessageHistoryOptions, "keyspace" | "table" | "columns">;

export function resolveTableOptions(options: TableOptions): TableNames {
  validate(tableSchema, options);
  return resolveNames(options);
}

function resolveNames({ keyspace, table, columns }: TableOptions): TableNames {
  return {
    keyspace,
    table: table ?? DEFAULT_TABLE,
    columns: columns === undefined ? DEFAULT_COLUMNS : resolveColumns(columns),
  };
}

function resolveColumns(columns: NonNullable<TableOptions["columns"]>): HistoryColumns {
  const resolved = Object.freeze({
    sessionId: columns.sessionId ?? DEFAULT_COLUMNS.sessionId,
    messageId: columns.messageId ?? DEFAULT_COLUMNS.messageId,
    message: columns.message ?? DEFAULT_COLUMNS.message,
  });
  if (new Set(Object.values(resolved)).size < 3) {
    throw invalidOption("columns", "three different column names", JSON.stringify(resolved));
  }
  return resolved;
}

/**
 * The `CREATE TABLE IF NOT EXISTS` that the library runs, for operators who run it themselves. No table option is set, so
 * that it works on Cassandra 4.1 and 5, Astra DB and ScyllaDB. Throws `INVALID_OPTION`.
 */
export function createTableStatement(options: TableOptions): string {
  return new Statements(resolveTableOptions(options)).createTable;
}
