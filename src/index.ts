export type { AppendOptions, EntriesOptions, ForkOptions, GetMessagesOptions, PageOptions } from "./arguments.ts";
export type { MessageCodec, MessageContext } from "./codec/codec.ts";
export { CassandraHistoryError, type CassandraHistoryErrorCode } from "./errors.ts";
export { CassandraChatMessageHistory } from "./history.ts";
export {
  type CassandraChatMessageHistoryOptions,
  type CorruptRow,
  type CorruptRowPolicy,
  createTableStatement,
  type RequestOptions,
  type TableOptions,
} from "./options.ts";
export type { ChatHistoryEntry, ChatHistoryPage } from "./reader.ts";
export { type HistoryColumns, PYTHON_COLUMNS } from "./table/statements.ts";
