export type { MessageCodec, MessageContext } from "./codec/codec.ts";
export { CassandraHistoryError, type CassandraHistoryErrorCode } from "./errors.ts";
export { CassandraChatMessageHistory, type ChatHistoryEntry } from "./history.ts";
export {
  type AppendOptions,
  type CassandraChatMessageHistoryOptions,
  type CorruptRow,
  type CorruptRowPolicy,
  createTableStatement,
  type GetMessagesOptions,
  PYTHON_COLUMNS,
  type RequestOptions,
  type TableOptions,
} from "./options.ts";
export type { HistoryColumns } from "./table/statements.ts";
