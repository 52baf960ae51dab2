import type { Client } from "cassandra-driver";
import { describe, expect, test } from "vitest";
import {
  CassandraChatSessions,
  type CassandraChatSessionsOptions,
  createSessionsTableStatement,
  PYTHON_COLUMNS,
} from "../../../src/index.ts";
import { failureOf } from "../../support/failure.ts";

/** Fails where it is used. */
const client = {
  execute: () => Promise.reject(new Error("sent")),
  batch: () => Promise.reject(new Error("sent")),
} as unknown as Client;
const good = { client, keyspace: "app" };
const sessions = new CassandraChatSessions(good);
const construct = (options: unknown): CassandraChatSessions =>
  new CassandraChatSessions(options as CassandraChatSessionsOptions);

describe("options", () => {
  test.each([
    ["sessionsTable", { ...good, sessionsTable: "" }],
    ["sessionsTable", { ...good, sessionsTable: 5 }],
    ["sessionsTable", { ...good, sessionsTable: "message_store" }],
    ["sessionsTable", { ...good, table: "t", sessionsTable: "t" }],
    ["sessionId", { ...good, sessionId: "s" }],
    ["keyspace", { client }],
    ["client", { keyspace: "app" }],
    ["client", { ...good, client: {} }],
    ["ttlSeconds", { ...good, ttlSeconds: 0 }],
    ["columns", { ...good, columns: { message: "session_id" } }],
    ["columns.text", { ...good, columns: { text: "x" } }],
    ["readOptions.isIdempotent", { ...good, readOptions: { isIdempotent: true } }],
    ["options", undefined],
  ])("a wrong %s is refused by the constructor", (option, options) => {
    expect(() => construct(options)).toThrow(`Invalid option "${option}"`);
  });

  test("all options of a history are taken", () => {
    const all = {
      ...good,
      table: "t",
      sessionsTable: "u",
      columns: PYTHON_COLUMNS,
      createTable: false,
      ttlSeconds: 5,
      maxMessages: 5,
    };
    const history = construct({
      ...all,
      windowStart: "human",
      pageSize: 1,
      readOptions: {},
      writeOptions: {},
      onCorruptRow: "skip",
    });
    expect(history.open("u", "s")).toMatchObject({ keyspace: "app", table: "t", sessionId: '["u","s"]' });
  });

  test.each(["client", "keyspace", "table", "columns", "sessionId", "sessionsTable", "ttl"])(
    "open does not take %s",
    (option) => {
      expect(() => sessions.open("u", "s", { [option]: "x" })).toThrow(
        `Invalid option "${option}": expected one of the options createTable,`,
      );
    },
  );

  test("open checks its arguments", () => {
    expect(() => sessions.open("", "s")).toThrow('Invalid option "userId"');
    expect(() => sessions.open("u", "\ud800")).toThrow('Invalid option "sessionId"');
    expect(() => sessions.open("u", "s", { ttlSeconds: -1 })).toThrow('Invalid option "ttlSeconds"');
    expect(() => sessions.open("u", "s", "x" as never)).toThrow('Invalid option "options"');
  });
});

test("the statement is the documented one", () => {
  const statement = `CREATE TABLE IF NOT EXISTS "app"."message_store_sessions" (
  "user_id" text, "session_id" text, "last_active" timestamp, "created_at" timestamp, "title" text,
  "pinned" boolean, "archived" boolean, "metadata" map<text, text>,
  PRIMARY KEY (("user_id"), "session_id")
)`;
  expect(createSessionsTableStatement({ keyspace: "app" })).toBe(statement);
  expect(createSessionsTableStatement({ keyspace: "app", table: "t" })).toContain('"app"."t_sessions"');
  expect(createSessionsTableStatement({ keyspace: 'a"b', sessionsTable: "U" })).toContain('"a""b"."U"');
  expect(() => createSessionsTableStatement({ keyspace: "app", sessionsTable: "message_store" })).toThrow(
    "sessionsTable",
  );
  expect(() => createSessionsTableStatement({ keyspace: "app", columns: {} } as never)).toThrow(
    'Invalid option "columns"',
  );
});

type Call = (sessions: CassandraChatSessions) => Promise<unknown>;
const anything = (value: unknown): never => value as never;
const wrong: [string, Call][] = [
  ["userId", (s) => s.list("")],
  ["userId", (s) => s.list(anything(undefined))],
  ["limit", (s) => s.list("u", { limit: 0 })],
  ["limit", (s) => s.list("u", { limit: 1001 })],
  ["limit", (s) => s.list("u", { limit: 1.5 })],
  ["after", (s) => s.list("u", { after: "x" })],
  ["after", (s) => s.list("u", { after: anything(5) })],
  ["archived", (s) => s.list("u", { archived: anything("yes") })],
  ["pinned", (s) => s.list("u", { pinned: anything(null) })],
  ["before", (s) => s.list("u", anything({ before: "x" }))],
  ["options", (s) => s.list("u", anything("x"))],
  ["userId", (s) => s.get("", "s")],
  ["sessionId", (s) => s.get("u", "")],
  ["userId", (s) => s.create("")],
  ["sessionId", (s) => s.create("u", { sessionId: "" })],
  ["sessionId", (s) => s.create("u", { sessionId: anything(1) })],
  ["title", (s) => s.create("u", { title: "x".repeat(4097) })],
  ["title", (s) => s.create("u", { title: anything(null) })],
  ["title", (s) => s.create("u", { title: "\ud800" })],
  ["metadata", (s) => s.create("u", { metadata: anything("x") })],
  ["metadata", (s) => s.create("u", { metadata: { a: anything(undefined) } })],
  ["pinned", (s) => s.create("u", { pinned: anything(1) })],
  ["archived", (s) => s.create("u", anything({ archived: true }))],
  ["userId", (s) => s.update("", "s", {})],
  ["sessionId", (s) => s.update("u", "", {})],
  ["title", (s) => s.update("u", "s", { title: "é".repeat(2049) })],
  ["title", (s) => s.update("u", "s", { title: anything(5) })],
  ["archived", (s) => s.update("u", "s", { archived: anything("any") })],
  ["metadata", (s) => s.update("u", "s", { metadata: anything(null) })],
  ["options", (s) => s.update("u", "s", anything(undefined))],
  ["name", (s) => s.update("u", "s", anything({ name: "x" }))],
  ["userId", (s) => s.delete("", "s")],
  ["sessionId", (s) => s.delete("u", anything(undefined))],
  ["userId", (s) => s.deleteAll("")],
  ["onProgress", (s) => s.deleteAll("u", { onProgress: anything(5) })],
  ["signal", (s) => s.deleteAll("u", { signal: anything({}) })],
  ["userId", (s) => s.fork("", "s")],
  ["sessionId", (s) => s.fork("u", "")],
  ["sessionId", (s) => s.fork("u", "s", { sessionId: "" })],
  ["through", (s) => s.fork("u", "s", { through: "x" })],
  ["title", (s) => s.fork("u", "s", { title: anything(null) })],
  ["userId", (s) => s.adopt("", "s")],
  ["from", (s) => s.adopt("u", "", { sessionId: "s" })],
  ["from", (s) => s.adopt("u", '["ada","trip"]', { sessionId: "s" })],
  ["sessionId", (s) => s.adopt("u", "from", { sessionId: "\ud800" })],
  ["metadata", (s) => s.adopt("u", "from", { metadata: anything([1]) })],
];

describe("every argument is checked before anything is sent", () => {
  test.each(wrong)("%s: %s", async (argument, call) => {
    const failure = await failureOf(call(sessions));
    expect(failure.code).toBe("INVALID_OPTION");
    expect(failure.message).toContain(`Invalid option "${argument}"`);
  });
});
