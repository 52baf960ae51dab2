import { invalidOption } from "../errors/refusals.ts";
import {
  type CassandraChatMessageHistoryOptions,
  client,
  completeOptions,
  type HistoryUse,
  type ResolvedOptions,
  useShape,
} from "./history-options.ts";
import { DEFAULT_TABLE } from "./limits.ts";
import { name, optionsObject } from "./schemas.ts";
import { tableShape } from "./table-options.ts";
import { validate } from "./validation.ts";

/** What `new CassandraChatSessions` takes: the options of a history but its session id, and the name of the second table. */
export interface CassandraChatSessionsOptions extends Omit<CassandraChatMessageHistoryOptions, "sessionId"> {
  /** The table of the sessions' entries: case counts. @defaultValue the message table's name and `_sessions` */
  readonly sessionsTable?: string | undefined;
}

/** What `open` takes: the options of this history, in place of the common ones. */
export type OpenSessionOptions = HistoryUse;

/** The names that `createSessionsTableStatement` needs: the same options as those of `CassandraChatSessions`. */
export interface SessionsTableOptions {
  /** An existing keyspace, spelled as it was created: case counts. */
  readonly keyspace: string;
  /** The message table's name. @defaultValue `"message_store"` */
  readonly table?: string | undefined;
  /** @defaultValue the message table's name and `_sessions` */
  readonly sessionsTable?: string | undefined;
}

/** A sessions table by its name. */
export interface SessionsTableName {
  readonly keyspace: string;
  readonly sessionsTable: string;
}

/** The options as the rooms above receive them. The session id is that of no session. */
export interface ResolvedSessionsOptions extends ResolvedOptions, SessionsTableName {}

const sessionsTable = name("table");
const schema = optionsObject({ client, ...tableShape, sessionsTable, ...useShape });
const openSchema = optionsObject({ ...useShape });
const tableSchema = optionsObject({ keyspace: tableShape.keyspace, table: tableShape.table, sessionsTable });

/** Throws `INVALID_OPTION`. */
export function resolveSessionsOptions(options: CassandraChatSessionsOptions): ResolvedSessionsOptions {
  const given = validate(schema, options);
  const { sessionsTable: _, ...common } = given;
  return Object.freeze({ ...completeOptions({ ...common, sessionId: "" }), ...nameTable(given) });
}

/** Throws `INVALID_OPTION`. */
export function resolveSessionsTable(options: SessionsTableOptions): SessionsTableName {
  return nameTable(validate(tableSchema, options));
}

function nameTable({ keyspace, table = DEFAULT_TABLE, ...given }: SessionsTableOptions): SessionsTableName {
  const { sessionsTable: own = `${table}_sessions` } = given;
  if (own !== table) return { keyspace, sessionsTable: own };
  throw invalidOption("sessionsTable", "another table than that of the messages", "the same name");
}

/** The options of one history. Throws `INVALID_OPTION`. */
export function resolveOpenOptions(
  common: ResolvedSessionsOptions,
  sessionId: string,
  options: OpenSessionOptions | undefined,
): ResolvedSessionsOptions {
  // Field by field, as in `completeOptions`.
  if (options === undefined) {
    return {
      keyspace: common.keyspace,
      table: common.table,
      columns: common.columns,
      sessionsTable: common.sessionsTable,
      client: common.client,
      sessionId,
      createTable: common.createTable,
      ttlSeconds: common.ttlSeconds,
      maxMessages: common.maxMessages,
      windowStart: common.windowStart,
      pageSize: common.pageSize,
      adaptsPages: common.adaptsPages,
      readOptions: common.readOptions,
      writeOptions: common.writeOptions,
      onCorruptRow: common.onCorruptRow,
      codec: common.codec,
      given: common.given,
    };
  }
  const own = Object.entries(validate(openSchema, options)).filter(([, value]) => value !== undefined);
  const given = { ...common.given, ...Object.fromEntries(own), sessionId };
  return { ...completeOptions(given), sessionsTable: common.sessionsTable };
}
