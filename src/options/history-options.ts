import type { BaseMessage } from "@langchain/core/messages";
import type { Client, QueryOptions } from "cassandra-driver";
import { MAX_PAGE_SIZE, PAGE_ROWS } from "./limits.ts";
import type { MessageCodec } from "./message-codec.ts";
import {
  custom,
  flag,
  hasFunctions,
  maxMessages,
  type OptionSchema,
  optionsObject,
  sessionId,
  ttlSeconds,
  whole,
  windowStart,
} from "./schemas.ts";
import { resolveNames, type TableNames, type TableOptions, tableShape } from "./table-options.ts";
import { validate } from "./validation.ts";

/** The driver's own query options that may differ between a history's reads and its writes. */
export type RequestOptions = Pick<
  QueryOptions,
  "consistency" | "serialConsistency" | "executionProfile" | "readTimeout" | "traceQuery"
>;

/** A row that cannot be decoded. */
export interface CorruptRow {
  /** The session that the row belongs to. */
  readonly sessionId: string;
  /** The row's id, a timeuuid: what `delete` takes. */
  readonly id: string;
  /** The text that is stored. It may hold what people said: take care where you log it. */
  readonly text: string;
  /** Why the text cannot be decoded: what the codec threw. */
  readonly cause: unknown;
}

/**
 * What a read does with a row that cannot be decoded: `"throw"` rejects with `CORRUPT_ROW`, `"skip"` leaves the row out, and a
 * function gives a message in its place, or undefined to leave it out. What the function throws rejects the read as it is.
 */
export type CorruptRowPolicy = "throw" | "skip" | ((row: CorruptRow) => BaseMessage | undefined);

/** Where a window may begin: with any message but a tool message, or with a message of the user where the window holds one. */
export type WindowStart = "any" | "human";

/** What `new CassandraChatMessageHistory` takes. */
export interface CassandraChatMessageHistoryOptions extends TableOptions {
  /** The application's own driver client, shared by as many histories as it likes. Never opened, changed or shut down here. */
  readonly client: Client;
  /** Which conversation: the partition key, 1 to 65,535 bytes of UTF-8 without lone surrogates. */
  readonly sessionId: string;
  /** Whether to make the table where it is missing; `false` never runs DDL. @defaultValue `true` */
  readonly createTable?: boolean | undefined;
  /** Expiry of each message written, in seconds: 1 to 630,720,000 (20 years). @defaultValue none */
  readonly ttlSeconds?: number | undefined;
  /** How many of the newest messages `getMessages()` returns. @defaultValue all */
  readonly maxMessages?: number | undefined;
  /**
   * Where the window of `getMessages()` begins. `"human"`: with a message of the user, where the window holds one, as some model
   * providers ask of a prompt. Changes nothing where all messages are read. @defaultValue `"any"`
   */
  readonly windowStart?: WindowStart | undefined;
  /**
   * Rows per round trip of every read, 1 to 100,000.
   * @defaultValue 1024; a whole read then goes on with pages of about 4 MiB of text, 5,000 rows at most
   */
  readonly pageSize?: number | undefined;
  /** Driver options of this history's reads. @defaultValue the client's own */
  readonly readOptions?: RequestOptions | undefined;
  /** Driver options of this history's writes. @defaultValue the client's own */
  readonly writeOptions?: RequestOptions | undefined;
  /** What a read does with a row that cannot be decoded. @defaultValue `"throw"` */
  readonly onCorruptRow?: CorruptRowPolicy | undefined;
  /** How a message becomes the text of its row. @defaultValue JSON in LangChain's stored-message form */
  readonly codec?: MessageCodec | undefined;
}

/** The options that may differ between two histories of one table. */
export type HistoryUse = Omit<CassandraChatMessageHistoryOptions, "client" | "sessionId" | keyof TableOptions>;

/** The options as the layers above receive them: complete, checked and frozen. */
export interface ResolvedOptions extends TableNames {
  readonly client: Client;
  readonly sessionId: string;
  readonly createTable: boolean;
  readonly ttlSeconds: number | undefined;
  readonly maxMessages: number | undefined;
  readonly windowStart: WindowStart;
  readonly pageSize: number;
  /** Whether the later pages of a whole read follow the size of its rows: the application gave no `pageSize`. */
  readonly adaptsPages: boolean;
  readonly readOptions: RequestOptions;
  readonly writeOptions: RequestOptions;
  readonly onCorruptRow: CorruptRowPolicy;
  /** The application's own codec; undefined where rows have the library's form. */
  readonly codec: MessageCodec | undefined;
  /** What the application gave, checked: for a history of another session. */
  readonly given: CassandraChatMessageHistoryOptions;
}

const requestOptions = optionsObject(
  {
    consistency: whole(0, 10, "a number of the driver's types.consistencies"),
    serialConsistency: whole(8, 9, "types.consistencies.serial or localSerial of the driver"),
    executionProfile: custom(isProfile, "the name of an execution profile, or the profile"),
    readTimeout: whole(0, Number.MAX_SAFE_INTEGER, "a whole number of milliseconds from 0 on"),
    traceQuery: flag,
  },
  "an object of the driver's query options",
).optional();

export const client: ReturnType<OptionSchema["unwrap"]> = custom(isClient, "a Client of cassandra-driver").unwrap();

/** What each option has to be that may differ between two histories of one table. */
export const useShape: Readonly<Record<keyof HistoryUse, OptionSchema>> = {
  createTable: flag,
  ttlSeconds,
  maxMessages,
  windowStart,
  pageSize: whole(1, MAX_PAGE_SIZE, "a whole number from 1 to 100,000"),
  readOptions: requestOptions,
  writeOptions: requestOptions,
  onCorruptRow: custom(isCorruptRowPolicy, '"throw", "skip" or a function'),
  codec: custom((value) => hasFunctions(value, "encode", "decode"), "an object with the functions encode and decode"),
};

const schema = optionsObject({
  client,
  keyspace: tableShape.keyspace,
  sessionId: sessionId.unwrap(),
  table: tableShape.table,
  columns: tableShape.columns,
  ...useShape,
});

/** By what it can do: the application may have another copy of the driver than this library sees. */
function isClient(value: unknown): boolean {
  return hasFunctions(value, "execute", "batch");
}

function isProfile(value: unknown): boolean {
  return typeof value === "string" || (typeof value === "object" && value !== null);
}

function isCorruptRowPolicy(value: unknown): boolean {
  return value === "throw" || value === "skip" || typeof value === "function";
}

/** Most histories have none: one object serves them all. */
const NO_OPTIONS: RequestOptions = Object.freeze({});

/** Throws `INVALID_OPTION`. What comes back needs no further look. */
export function resolveOptions(options: CassandraChatMessageHistoryOptions): ResolvedOptions {
  return completeOptions(validate(schema, options));
}

/** Options that have been checked, with their defaults; only two equal column names are refused here. */
export function completeOptions(given: CassandraChatMessageHistoryOptions): ResolvedOptions {
  const { keyspace, table, columns } = resolveNames(given);
  // Field by field. Spreading would take longer than everything else that constructing a history does.
  return Object.freeze({
    keyspace,
    table,
    columns,
    client: given.client,
    sessionId: given.sessionId,
    createTable: given.createTable ?? true,
    ttlSeconds: given.ttlSeconds,
    maxMessages: given.maxMessages,
    windowStart: given.windowStart ?? "any",
    pageSize: given.pageSize ?? PAGE_ROWS,
    adaptsPages: given.pageSize === undefined,
    readOptions: Object.freeze(given.readOptions ?? NO_OPTIONS),
    writeOptions: Object.freeze(given.writeOptions ?? NO_OPTIONS),
    onCorruptRow: given.onCorruptRow ?? "throw",
    codec: given.codec,
    given,
  });
}
