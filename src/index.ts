export type { MessageCodec, MessageContext } from "./codec/codec.ts";
export {
  CassandraHistoryError,
  type CassandraHistoryErrorCode,
  type CassandraHistoryErrorDetails,
} from "./errors/history-error.ts";
export type { ChatHistoryEntry, ChatHistoryPage } from "./history/entry.ts";
export { CassandraChatMessageHistory } from "./history/history.ts";
export type {
  AppendOptions,
  EntriesOptions,
  ForkOptions,
  GetMessagesOptions,
  PageOptions,
} from "./options/arguments.ts";
export {
  type CassandraChatMessageHistoryOptions,
  type CorruptRow,
  type CorruptRowPolicy,
  createTableStatement,
  type RequestOptions,
  type TableOptions,
} from "./options/history-options.ts";
export { type HistoryColumns, PYTHON_COLUMNS, type RowOrder } from "./table/statements.ts";
