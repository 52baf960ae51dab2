export {
  CassandraHistoryError,
  type CassandraHistoryErrorCode,
  type CassandraHistoryErrorDetails,
} from "./errors/history-error.ts";
export type { ChatHistoryEntry, ChatHistoryPage } from "./history/entry.ts";
export { CassandraChatMessageHistory } from "./history/history.ts";
export type {
  AppendOptions,
  CallOptions,
  EntriesOptions,
  EntryOrder,
  ForkOptions,
  GetMessagesOptions,
  PageOptions,
} from "./options/arguments.ts";
export type {
  CassandraChatMessageHistoryOptions,
  CorruptRow,
  CorruptRowPolicy,
  RequestOptions,
  WindowStart,
} from "./options/history-options.ts";
export type { MessageCodec, MessageContext } from "./options/message-codec.ts";
export type {
  AdoptSessionOptions,
  CreateSessionOptions,
  DeleteAllOptions,
  ForkSessionOptions,
  JsonValue,
  ListSessionsOptions,
  SessionChanges,
  SessionMetadata,
} from "./options/session-arguments.ts";
export type {
  CassandraChatSessionsOptions,
  OpenSessionOptions,
  SessionsTableOptions,
} from "./options/sessions-options.ts";
export { type HistoryColumns, PYTHON_COLUMNS, type TableOptions } from "./options/table-options.ts";
export type { ChatSession } from "./sessions/chat-session.ts";
export type { ChatSessionPage } from "./sessions/list.ts";
export { chatSessionKey } from "./sessions/session-key.ts";
export { CassandraChatSessions } from "./sessions/sessions.ts";
export { createSessionsTableStatement } from "./sessions/table-statement.ts";
export { createTableStatement } from "./table/statements.ts";
