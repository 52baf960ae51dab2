import { randomUUID } from "node:crypto";
import { inspect } from "node:util";
import { HumanMessage } from "@langchain/core/messages";
import { errors, types } from "cassandra-driver";
import { describe, expect, test } from "vitest";
import { type CassandraChatMessageHistory, CassandraHistoryError, createTableStatement } from "../../src/index.ts";
import { failureOf } from "../support/failure.ts";
import { texts } from "../support/messages.ts";
import { MESSAGE_TEXT, METHODS } from "../support/methods.ts";
import { openClient, openHistory, ownKeyspace } from "../support/session.ts";
import { watchClient } from "../support/watch.ts";

const admin = openClient();
const keyspace = ownKeyspace(admin);

const WRONG_TYPES = [
  ["session_id", "blob"],
  ["session_id", "int"],
  ["session_id", "bigint"],
  ["session_id", "varint"],
  ["message_id", "int"],
  ["message_id", "text"],
  ["message", "blob"],
  ["message", "int"],
  ["message", "boolean"],
  ["message", "bigint"],
] as const;

let tables = 0;
const newTable = (): string => `changed_${++tables}`;

async function makeWrong(table: string, column: string, type: string): Promise<void> {
  const types: Record<string, string> = { session_id: "text", message_id: "timeuuid", message: "text", [column]: type };
  const columns = Object.entries(types).map(([name, of]) => `${name} ${of}`);
  await admin.execute(`DROP TABLE ${keyspace}.${table}`);
  await admin.execute(`CREATE TABLE ${keyspace}.${table} (${columns}, PRIMARY KEY (session_id, message_id))`);
}

/** A history's whole use. Throws where anything goes wrong. */
async function use(history: CassandraChatMessageHistory): Promise<void> {
  const [first, second] = await history.append(["1", "2", "3"].map((text) => new HumanMessage(text)));
  await history.update(first?.id ?? "", new HumanMessage("one"));
  await history.delete([second?.id ?? ""]);
  expect(texts(await history.getMessages())).toEqual(["one", "3"]);
  expect(texts(await history.getMessages({ maxMessages: 1 }))).toEqual(["3"]);
  expect(await history.count()).toBe(2);
  expect((await history.getPage({ limit: 1 })).entries).toHaveLength(1);
  for await (const { message } of history.entries({ limit: 1 })) expect(message.text).toBe("one");
  expect(await (await history.fork(randomUUID())).count()).toBe(2);
  await history.deleteFrom(first?.id ?? "");
  for (const call of Object.values(METHODS)) await call(history).catch(expectNotFound);
  await history.clear();
  expect(await history.count()).toBe(0);
}

function expectNotFound(error: unknown): void {
  expect(error).toMatchObject({ code: "NOT_FOUND" });
}

describe.each(WRONG_TYPES)("a table that was made with another type of %s, %s, and then", (column, type) => {
  test.each([
    ["dropped", true],
    ["made right", true],
    ["made right", false],
  ])("%s, with createTable %s: the same client works again", async (remedy, createTable) => {
    const client = openClient();
    const table = newTable();
    await admin.execute(createTableStatement({ keyspace, table }));
    const history = openHistory({ client, keyspace, table, createTable });
    await use(history);
    await makeWrong(table, column, type);
    for (const call of Object.values(METHODS)) {
      const error: unknown = await call(history).catch((reason: unknown) => reason);
      if (!(error instanceof Error)) continue;
      expect(error).toBeInstanceOf(CassandraHistoryError);
      // The driver's own error quotes the value that it cannot encode.
      expect(inspect(error, { depth: 20 })).not.toContain(MESSAGE_TEXT);
    }
    await admin.execute(`DROP TABLE ${keyspace}.${table}`);
    if (remedy === "made right") await admin.execute(createTableStatement({ keyspace, table }));
    await use(history);
    // Another history of the client, which has not seen the change, by another way to the table.
    await use(openHistory({ client, keyspace, table, createTable: !createTable }));
  });
});

const READERS = /^(getMessages|getPage|entries|fork)/;
const ADDERS = /^(append|add)/;

// As blob the server takes a text, and keeps its bytes.
test.each([
  ["blob", [READERS]],
  ["int", [READERS, ADDERS]],
  ["boolean", [READERS, ADDERS]],
])("while its message is %s, what reads or writes messages says so", async (type, methods) => {
  const client = openClient();
  const used = Object.entries(METHODS).filter(([name]) => methods.some((pattern) => pattern.test(name)));
  for (const [name, call] of used) {
    // Each has a table of its own: a call that failed may have another read under way, which makes a dropped table again.
    const table = newTable();
    await admin.execute(createTableStatement({ keyspace, table }));
    const history = openHistory({ client, keyspace, table });
    await use(history);
    await makeWrong(table, "message", type);
    const error = await failureOf(call(history));
    const text = expect.stringContaining("has other columns: expected session_id text");
    expect([name, error.code, error.message]).toEqual([name, "SETUP_FAILED", text]);
    expect(error.message).toContain(`message ${type} (regular)`);
    expect(error.message).not.toContain("Nothing of the call was sent");
  }
});

test("a mistake that no call meets: the first batch afterwards is stored whole", async () => {
  const table = newTable();
  await admin.execute(createTableStatement({ keyspace, table }));
  const history = openHistory({ client: openClient(), keyspace, table });
  await history.addUserMessage("before");
  await makeWrong(table, "message", "boolean");
  await history.addUserMessage("while").catch(() => {});
  await makeWrong(table, "message", "text");
  await history.addMessages(["1", "2"].map((text) => new HumanMessage(text)));
  expect(texts(await history.getMessages())).toEqual(["1", "2"]);
});

test("an ordinary refusal costs one look at the table at most, and no second try", async () => {
  let refuse = true;
  const refusal = new errors.ResponseError(types.responseErrorCodes.invalid, "no such thing");
  const { watched, requests } = watchClient(admin, (request, send) =>
    refuse && /^INSERT/.test(request.queries[0] ?? "") ? Promise.reject(refusal) : send(),
  );
  const history = openHistory({ client: watched, keyspace, table: newTable() });
  await history.setup();
  for (let at = 0; at < 3; at += 1) {
    requests.length = 0;
    const error = await failureOf(history.addUserMessage("hi"));
    expect([error.code, error.cause]).toEqual(["WRITE_FAILED", refusal]);
    const queries = requests.flatMap(({ queries }) => queries);
    expect(queries.filter((query) => query.startsWith("INSERT"))).toHaveLength(1);
    expect(queries.filter((query) => query.includes("system_schema.columns"))).toHaveLength(1);
  }
  refuse = false;
  requests.length = 0;
  await history.addUserMessage("hi");
  expect(requests).toHaveLength(1);
});

test.each([
  "Request is too big: length 17000000 exceeds maximum allowed length 16777216.",
  "Provided value ONE is not allowed for Write Consistency Level",
  "ttl is too large. requested (700000000) maximum (630720000)",
])("what says that the request itself is wrong costs no look: %s", async (text) => {
  const refusal = new errors.ResponseError(types.responseErrorCodes.invalid, text);
  const { watched, requests } = watchClient(admin, (request, send) =>
    /^INSERT/.test(request.queries[0] ?? "") ? Promise.reject(refusal) : send(),
  );
  const history = openHistory({ client: watched, keyspace, table: newTable() });
  await history.setup();
  requests.length = 0;
  await failureOf(history.addUserMessage("hi"));
  expect(requests).toHaveLength(1);
});

test("a table that goes away while a large append is under way: what is stored is named", async () => {
  const table = newTable();
  await admin.execute(createTableStatement({ keyspace, table }));
  let batches = 0;
  const { watched } = watchClient(openClient(), async (request, send) => {
    if (/^INSERT/.test(request.queries[0] ?? "") && ++batches === 2) {
      await admin.execute(`DROP TABLE ${keyspace}.${table}`);
    }
    return send();
  });
  const history = openHistory({ client: watched, keyspace, table, createTable: false });
  const messages = Array.from({ length: 3 }, (_, at) => new HumanMessage(`${at}${"x".repeat(900 * 1024)}`));
  const error = await failureOf(history.append(messages));
  expect(error).toMatchObject({ code: "WRITE_FAILED", written: error.ids?.slice(0, 1) });
  expect(error.ids).toHaveLength(3);
  expect(error.message).toContain("Known to be stored: 1");
  expect(error.message).toContain("does not exist, and createTable is false");
});

test.each([true, false])("dropped while 500 calls run, createTable %s: made anew, or named", async (createTable) => {
  const client = openClient();
  const table = newTable();
  await admin.execute(createTableStatement({ keyspace, table }));
  const open = (): CassandraChatMessageHistory => openHistory({ client, keyspace, table, createTable });
  await open().setup();
  let dropped = false;
  const drop = admin.execute(`DROP TABLE ${keyspace}.${table}`).finally(() => {
    dropped = true;
  });
  const failures: unknown[] = [];
  const call = async (at: number): Promise<void> => {
    while (!dropped) {
      const history = open();
      const add = at % 2 === 0 ? [history.addUserMessage("hi")] : [];
      const calls = [...add, history.getMessages(), history.count(), history.clear()];
      const outcomes = await Promise.allSettled(calls);
      failures.push(...outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : [])));
    }
  };
  await Promise.all([drop, ...Array.from({ length: 150 }, (_, at) => call(at))]);
  const named = expect.stringContaining("does not exist, and createTable is false");
  const expected = { code: "SETUP_FAILED", message: named };
  if (createTable) expect(failures).toEqual([]);
  else for (const failure of failures) expect(failure).toMatchObject(expected);
  await admin.execute(createTableStatement({ keyspace, table }));
  await use(open());
});

test("while a column is added, writes go on, each in one request", async () => {
  const { watched, requests } = watchClient(openClient());
  const history = openHistory({ client: watched, keyspace, table: newTable() });
  await history.setup();
  requests.length = 0;
  let altered = false;
  const alter = admin.execute(`ALTER TABLE ${keyspace}.${history.table} ADD note text`).finally(() => {
    altered = true;
  });
  let written = 0;
  for (; !altered || written < 100; written += 1) await history.addUserMessage(`message ${written}`);
  await alter;
  expect(requests).toHaveLength(written);
  expect(await history.count()).toBe(written);
});
