import type { BaseListChatMessageHistory } from "@langchain/core/chat_history";
import type { BaseMessage } from "@langchain/core/messages";
import type { Client } from "cassandra-driver";
import { expectTypeOf, test } from "vitest";
import {
  CassandraChatMessageHistory,
  type CassandraChatMessageHistoryOptions,
  type CassandraHistoryError,
  type ChatHistoryEntry,
  createTableStatement,
  PYTHON_COLUMNS,
} from "../../src/index.ts";

declare const client: Client;
const history = new CassandraChatMessageHistory({ client, keyspace: "app", sessionId: "s" });

test("a history is a BaseListChatMessageHistory", () => {
  expectTypeOf(history).toExtend<BaseListChatMessageHistory>();
  expectTypeOf(history.getMessages()).resolves.toEqualTypeOf<BaseMessage[]>();
  expectTypeOf(history.append([])).resolves.toEqualTypeOf<ChatHistoryEntry[]>();
  expectTypeOf(history.sessionId).toBeString();
});

test("wrong options and arguments do not compile", () => {
  // @ts-expect-error a session id is needed
  new CassandraChatMessageHistory({ client, keyspace: "app" });
  // @ts-expect-error no such option
  new CassandraChatMessageHistory({ client, keyspace: "app", sessionId: "s", ttl: 5 });
  // @ts-expect-error not one of the policies
  new CassandraChatMessageHistory({ client, keyspace: "app", sessionId: "s", onCorruptRow: "ignore" });
  // @ts-expect-error read only
  history.sessionId = "other";
  // @ts-expect-error a message, not its text
  void history.addMessage("hi");
  // @ts-expect-error idempotence is the library's own
  new CassandraChatMessageHistory({ client, keyspace: "app", sessionId: "s", readOptions: { isIdempotent: true } });
});

test("an option may be undefined, and columns may be PYTHON_COLUMNS", () => {
  expectTypeOf<{
    client: Client;
    keyspace: string;
    sessionId: string;
    table: undefined;
    columns: typeof PYTHON_COLUMNS;
  }>().toExtend<CassandraChatMessageHistoryOptions>();
  expectTypeOf(createTableStatement({ keyspace: "app", columns: PYTHON_COLUMNS })).toBeString();
});

test("an error has a code, and the ids of its call", () => {
  expectTypeOf<CassandraHistoryError["code"]>().toExtend<string>();
  expectTypeOf<CassandraHistoryError["ids"]>().toEqualTypeOf<readonly string[] | undefined>();
  expectTypeOf<CassandraHistoryError>().toExtend<Error>();
});
