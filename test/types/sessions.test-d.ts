import type { Client } from "cassandra-driver";
import { expectTypeOf, test } from "vitest";
import {
  type CassandraChatMessageHistory,
  CassandraChatSessions,
  type ChatSession,
  chatSessionKey,
  createSessionsTableStatement,
  PYTHON_COLUMNS,
} from "../../src/index.ts";

declare const client: Client;
const sessions = new CassandraChatSessions({
  client,
  keyspace: "app",
  columns: PYTHON_COLUMNS,
  sessionsTable: undefined,
});

test("the methods give histories and sessions", () => {
  expectTypeOf(sessions.open("u", "s", { maxMessages: 5 })).toEqualTypeOf<CassandraChatMessageHistory>();
  expectTypeOf(sessions.get("u", "s")).resolves.toEqualTypeOf<ChatSession | undefined>();
  expectTypeOf(sessions.list("u")).resolves.toHaveProperty("next").toEqualTypeOf<string | undefined>();
  expectTypeOf(sessions.deleteAll("u")).resolves.toBeNumber();
  expectTypeOf(chatSessionKey("u", "s")).toBeString();
  expectTypeOf(createSessionsTableStatement({ keyspace: "app" })).toBeString();
});

test("what must not compile", () => {
  // @ts-expect-error the session is named at open
  new CassandraChatSessions({ client, keyspace: "app", sessionId: "s" });
  // @ts-expect-error one table for all of a user's sessions
  sessions.open("u", "s", { table: "other" });
  // @ts-expect-error no JSON
  void sessions.update("u", "s", { metadata: { a: undefined } });
  // @ts-expect-error created sessions have no title to remove
  void sessions.create("u", { title: null });
  // @ts-expect-error no such filter
  void sessions.list("u", { archived: "yes" });
});
