import { beforeAll, describe, expect, test } from "vitest";
import { jsonCodec } from "../../src/codec/json.ts";
import {
  CassandraChatMessageHistory,
  type CassandraChatMessageHistoryOptions,
  CassandraHistoryError,
  createTableStatement,
  PYTHON_COLUMNS,
} from "../../src/index.ts";
import { resolveOptions } from "../../src/options/history-options.ts";
import { failureOf } from "../support/failure.ts";
import { UNKNOWN_ID } from "../support/ids.ts";
import { unconnectedClient } from "../support/session.ts";

const client = unconnectedClient();
const good = { client, keyspace: "app", sessionId: "s" };
const name = (of: string): string => `the name of a ${of}, a string that is not empty`;
const session = "a string of 1 to 65,535 UTF-8 bytes without lone surrogates";
const ttl = "a whole number of seconds from 1 to 630,720,000, or nothing for no expiry";
const window = "a whole number from 1 on, or nothing for all messages";
const page = "a whole number from 1 to 100,000";
const requests = "an object of the driver's query options";
const known =
  "client, keyspace, sessionId, table, columns, createTable, ttlSeconds, maxMessages, windowStart, pageSize, readOptions, writeOptions, onCorruptRow, codec";

const bad: [option: string, value: unknown, expected: string, came: string][] = [
  ["client", undefined, "a Client of cassandra-driver", "nothing"],
  ["client", "cassandra://user:secret@host", "a Client of cassandra-driver", "a string of 28 characters"],
  ["client", { contactPoints: [] }, "a Client of cassandra-driver", "an object"],
  ["keyspace", undefined, name("keyspace"), "nothing"],
  ["keyspace", "", name("keyspace"), "an empty string"],
  ["keyspace", 7, name("keyspace"), "7 (a number)"],
  ["sessionId", undefined, session, "nothing"],
  ["sessionId", "", session, "an empty string"],
  ["sessionId", "x".repeat(65_536), session, "a string of 65536 characters"],
  ["sessionId", "ä".repeat(32_768), session, "a string of 32768 characters"],
  ["sessionId", "\ud800", session, "a string of 1 characters"],
  ["table", "", name("table"), "an empty string"],
  ["table", null, name("table"), "null"],
  ["columns", "x", "an object of column names: sessionId, messageId, message", "a string of 1 characters"],
  ["columns.sessionId", "", name("column"), "an empty string"],
  ["columns.messageId", "", name("column"), "an empty string"],
  ["columns.message", "", name("column"), "an empty string"],
  ["createTable", "no", "true or false", "a string of 2 characters"],
  ["ttlSeconds", 0, ttl, "0 (a number)"],
  ["ttlSeconds", 1.5, ttl, "1.5 (a number)"],
  ["ttlSeconds", 630_720_001, ttl, "630720001 (a number)"],
  ["ttlSeconds", Number.NaN, ttl, "NaN (a number)"],
  ["maxMessages", 0, window, "0 (a number)"],
  ["maxMessages", -1, window, "-1 (a number)"],
  ["maxMessages", Number.POSITIVE_INFINITY, window, "Infinity (a number)"],
  ["pageSize", 0, page, "0 (a number)"],
  ["pageSize", 100_001, page, "100001 (a number)"],
  ["pageSize", "10", page, "a string of 2 characters"],
  ["readOptions", 1, requests, "1 (a number)"],
  ["readOptions.consistency", "quorum", "a number of the driver's types.consistencies", "a string of 6 characters"],
  ["writeOptions.readTimeout", -1, "a whole number of milliseconds from 0 on", "-1 (a number)"],
  ["writeOptions.traceQuery", 1, "true or false", "1 (a number)"],
  ["writeOptions.executionProfile", 1, "the name of an execution profile, or the profile", "1 (a number)"],
  ["writeOptions.executionProfile", null, "the name of an execution profile, or the profile", "null"],
  ["writeOptions.serialConsistency", 1, "types.consistencies.serial or localSerial of the driver", "1 (a number)"],
  ["onCorruptRow", "ignore", '"throw", "skip" or a function', "a string of 6 characters"],
  ["codec", { encode() {} }, "an object with the functions encode and decode", "an object"],
];

function construct(options: object): unknown {
  try {
    return new CassandraChatMessageHistory(options as CassandraChatMessageHistoryOptions);
  } catch (error) {
    return error;
  }
}

test.each(bad)("a wrong %s is refused with what was expected and what came: %o", (option, value, expected, came) => {
  const [outer = "", inner] = option.split(".");
  const error = construct({ ...good, [outer]: inner === undefined ? value : { [inner]: value } });
  expect(error).toBeInstanceOf(CassandraHistoryError);
  expect(error).toMatchObject({ code: "INVALID_OPTION" });
  expect(String(error)).toContain(`Invalid option "${option}": expected ${expected}, got ${came}`);
  expect(String(error)).not.toContain("secret");
});

test.each([
  ["ttl", { ttl: 5 }, known],
  ["columns.id", { columns: { id: "x" } }, "sessionId, messageId, message"],
  [
    "readOptions.isIdempotent",
    { readOptions: { isIdempotent: false } },
    "consistency, serialConsistency, executionProfile, readTimeout, traceQuery",
  ],
])("an unknown option is refused with the known ones: %s", (option, more, options) => {
  expect(String(construct({ ...good, ...more }))).toBe(
    `CassandraHistoryError: Invalid option "${option}": expected one of the options ${options}, got an unknown one (is it misspelled?).`,
  );
});

test.each([undefined, null, "x", 1])("options that are no object are refused: %o", (options) => {
  expect(String(construct(options as unknown as object))).toContain(
    'Invalid option "options": expected an object, got',
  );
});

test("two columns of one name are refused", () => {
  expect(String(construct({ ...good, columns: { sessionId: "message" } }))).toContain(
    'Invalid option "columns": expected three different column names',
  );
});

test("an option that is undefined counts as left out", () => {
  const optional = ["table", "columns", "createTable", "ttlSeconds", "maxMessages", "pageSize", "readOptions", "codec"];
  const history = construct({ ...good, ...Object.fromEntries(optional.map((key) => [key, undefined])) });
  expect(history).toMatchObject({ table: "message_store", keyspace: "app", sessionId: "s" });
});

test("an option that is left out has its default", () => {
  expect(resolveOptions(good)).toStrictEqual({
    ...good,
    table: "message_store",
    columns: { sessionId: "session_id", messageId: "message_id", message: "message" },
    createTable: true,
    ttlSeconds: undefined,
    maxMessages: undefined,
    windowStart: "any",
    pageSize: 1024,
    adaptsPages: true,
    readOptions: {},
    writeOptions: {},
    onCorruptRow: "throw",
    codec: undefined,
    given: good,
  });
});

test("given options are kept, and objects are kept as frozen copies", () => {
  const given = {
    ...good,
    table: "t",
    columns: { sessionId: "s", messageId: "i", message: "m" },
    createTable: false,
    ttlSeconds: 1,
    maxMessages: 2,
    windowStart: "human" as const,
    pageSize: 3,
    readOptions: { consistency: 6, readTimeout: 0, executionProfile: "reads" },
    writeOptions: { serialConsistency: 9, traceQuery: true, executionProfile: {} as never },
    onCorruptRow: "skip" as const,
    codec: { encode: () => "", decode: jsonCodec.decode },
  };
  const resolved = resolveOptions(given);
  expect(resolved).toStrictEqual({ ...given, adaptsPages: false, given });
  for (const option of ["columns", "readOptions", "writeOptions"] as const) {
    expect(resolved[option]).not.toBe(given[option]);
    expect(Object.isFrozen(resolved[option])).toBe(true);
  }
  const some = resolveOptions({ ...good, columns: { message: "m" }, onCorruptRow: () => undefined });
  expect(some.columns).toEqual({ sessionId: "session_id", messageId: "message_id", message: "m" });
  expect(resolveOptions({ ...good, onCorruptRow: "throw" }).onCorruptRow).toBe("throw");
  expect(resolveOptions({ ...good, pageSize: 100_000 }).pageSize).toBe(100_000);
});

test.each([["x"], ["x".repeat(65_535)], ["ä".repeat(32_767)], ["\u0000"], [" "]])(
  "an unusual session id is accepted: case %#",
  (sessionId) => {
    expect(construct({ ...good, sessionId })).toMatchObject({ sessionId });
  },
);

test("changing the options object later does not change the history", () => {
  const options = { ...good, columns: { ...PYTHON_COLUMNS } };
  const history = new CassandraChatMessageHistory(options);
  options.keyspace = "other";
  expect(history.keyspace).toBe("app");
});

test("a history has the names of LangChain's own class", () => {
  const history = new CassandraChatMessageHistory(good);
  expect(history.lc_namespace).toEqual(["langchain", "stores", "message", "cassandra"]);
  expect(CassandraChatMessageHistory.lc_name()).toBe("CassandraChatMessageHistory");
});

test("constructing connects to nothing", () => {
  new CassandraChatMessageHistory(good);
  expect(client.getState().getConnectedHosts()).toEqual([]);
});

describe("arguments of methods", () => {
  let history: CassandraChatMessageHistory;
  beforeAll(() => {
    history = new CassandraChatMessageHistory(good);
  });
  const rejection = async (call: Promise<unknown>): Promise<string> => String(await failureOf(call));

  test.each([
    [() => history.getMessages({ maxMessages: 0 }), "maxMessages"],
    [() => history.getMessages({ last: 3 } as object), "last"],
    [() => history.getMessages(3 as unknown as object), "options"],
    [() => history.append([], { ttlSeconds: 0 }), "ttlSeconds"],
    [() => history.append([], { ids: ["x"] }), "ids"],
    [() => history.append([], { ids: [UNKNOWN_ID] }), "ids"],
    [() => history.append([], { signal: {} as AbortSignal }), "signal"],
    [() => history.addMessages("hi" as unknown as []), "messages"],
    [() => history.addUserMessage(undefined as unknown as string), "message"],
    [() => history.addAIMessage(null as unknown as string), "message"],
    [() => history.addAIMessage(5 as unknown as string), "message"],
  ])("a wrong argument rejects with INVALID_OPTION: case %#", async (call, option) => {
    expect(await rejection(call())).toContain(`Invalid option "${option}": expected `);
  });

  test("no error shows a string that was passed in the wrong place", async () => {
    const secret = "secret words" as never;
    const calls = [
      history.addMessages(secret),
      history.getMessages(secret),
      history.update(secret, secret),
      history.fork("x", secret),
    ];
    for (const rejected of await Promise.all(calls.map(rejection))) {
      expect(rejected).toContain("CassandraHistoryError: Invalid option");
      expect(rejected).not.toContain("secret");
    }
    expect(String(construct("cassandra://user:secret@host" as never))).not.toContain("secret");
    expect(await rejection(history.fork("x", null as never))).toContain('Invalid option "options"');
    expect(await rejection(history.addMessages(new Array(2)))).toContain("Invalid message at position 0");
  });

  test("ids that do not ascend are refused", async () => {
    const messages = [1, 2].map((at) => ({ _getType: () => `${at}` })) as unknown as [];
    expect(await rejection(history.append(messages, { ids: [UNKNOWN_ID, UNKNOWN_ID] }))).toContain(
      `${UNKNOWN_ID} after one that is not less`,
    );
  });
});

describe("createTableStatement", () => {
  test("gives the documented statement", () => {
    expect(createTableStatement({ keyspace: "app" })).toBe(`CREATE TABLE IF NOT EXISTS "app"."message_store" (
  "session_id" text, "message_id" timeuuid, "message" text,
  PRIMARY KEY (("session_id"), "message_id")
) WITH CLUSTERING ORDER BY ("message_id" DESC)`);
  });

  test("quotes every name", () => {
    expect(createTableStatement({ keyspace: 'a"b', table: "x;--", columns: { message: '"' } })).toContain(
      'EXISTS "a""b"."x;--" (\n  "session_id" text, "message_id" timeuuid, """" text,',
    );
    expect(() => createTableStatement({ keyspace: "" })).toThrow('Invalid option "keyspace"');
  });
});
