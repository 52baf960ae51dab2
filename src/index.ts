export type { AppendOptions, EntriesOptions, ForkOptions, GetMessagesOptions, PageOptions } from "./arguments.ts";
export type { MessageCodec, MessageContext } from "./codec/codec.ts";
export type { ChatHistoryEntry, ChatHistoryPage } from "./entry.ts";
export {
  CassandraHistoryError,
  type CassandraHistoryErrorCode,
  type CassandraHistoryErrorDetails,
} from "./errors.ts";
export { CassandraChatMessageHistory } from "./history.ts";
export {
  type CassandraChatMessageHistoryOptions,
  type CorruptRow,
  type CorruptRowPolicy,
  createTableStatement,
  type RequestOptions,
  type TableOptions,
} from "./options.ts";
export { type HistoryColumns, PYTHON_COLUMNS, type RowOrder } from "./table/statements.ts";
