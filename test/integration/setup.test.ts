import { type Client, types } from "cassandra-driver";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { createTableStatement, PYTHON_COLUMNS } from "../../src/index.ts";
import { failureOf } from "../support/failure.ts";
import { texts } from "../support/messages.ts";
import { createKeyspace, openClient, openHistory, ownKeyspace } from "../support/session.ts";
import { SECOND } from "../support/time.ts";
import { statementsOf, watchClient } from "../support/watch.ts";

const NOTHING_SENT = "Nothing of the call was sent; the next call tries again.";
const client = openClient();
const keyspace = ownKeyspace(client);

/** Matches what changes the schema. */
const DDL = /^\s*(CREATE|ALTER|DROP)/i;
/** How long the library waits for the nodes to agree on a new table. */
const AGREEMENT_LIMIT = 30 * SECOND;

async function describeTable(reader: Client, table: string): Promise<unknown[]> {
  const { rows } = await reader.execute(
    "SELECT column_name, kind, position, type, clustering_order FROM system_schema.columns WHERE keyspace_name = ? AND table_name = ?",
    [keyspace, table],
    { prepare: true },
  );
  return rows.map((row) => row.values());
}

test("50 first calls at once over 10 histories run one CREATE TABLE, exactly the documented one", async () => {
  const { watched, requests } = watchClient(client);
  const histories = Array.from({ length: 10 }, () => openHistory({ client: watched, keyspace, table: "first" }));
  const calls = histories.flatMap((history) => [
    history.addUserMessage("1"),
    history.getMessages(),
    history.addMessages([]),
    history.setup(),
    history.addUserMessage("2"),
  ]);
  await Promise.all(calls);
  expect(statementsOf(requests, DDL)).toEqual([createTableStatement({ keyspace, table: "first" })]);
  expect(await describeTable(client, "first")).toEqual([
    ["message", "regular", -1, "text", "none"],
    ["message_id", "clustering", 0, "timeuuid", "desc"],
    ["session_id", "partition_key", 0, "text", "none"],
  ]);
  for (const history of histories) expect(texts(await history.getMessages())).toEqual(["1", "2"]);
});

test("no table option differs from the server's defaults", async () => {
  await client.execute(`CREATE TABLE ${keyspace}.plain (s text, m timeuuid, t text, PRIMARY KEY (s, m))`);
  await openHistory({ client, keyspace, table: "made" }).setup();
  const read = (table: string) =>
    client.execute("SELECT * FROM system_schema.tables WHERE keyspace_name = ? AND table_name = ?", [keyspace, table]);
  const [made, plain] = [(await read("made")).first(), (await read("plain")).first()];
  const own = new Set(["table_name", "id"]);
  const options = (row: typeof made): unknown[] =>
    row
      .keys()
      .filter((key) => !own.has(key))
      .map((key) => [key, row[key]]);
  expect(options(made)).toEqual(options(plain));
});

test.each(["two", "three"] as const)(
  "whatever the client's own consistency, here %s: the schema is read, and a history's own consistency is kept",
  async (level) => {
    const client = openClient({ queryOptions: { consistency: types.consistencies[level] } });
    const own = { consistency: types.consistencies.one };
    for (const table of [`new_${level}`, `new_${level}`]) {
      const history = openHistory({ client, keyspace, table, readOptions: own, writeOptions: own });
      await history.addUserMessage("hi");
      expect(await history.count()).toBe(1);
    }
  },
);

test("an existing table costs no DDL", async () => {
  await client.execute(createTableStatement({ keyspace, table: "there" }));
  const { watched, requests } = watchClient(client);
  await openHistory({ client: watched, keyspace, table: "there" }).addUserMessage("hi");
  expect(statementsOf(requests, DDL)).toEqual([]);
});

/** Writes what a node stores of a new table before it works with it. On a slow disk a node stays in that state for a while. */
async function storeSchemaRows(table: string, like: string): Promise<void> {
  for (const kind of ["tables", "columns"]) {
    const query = `SELECT * FROM system_schema.${kind} WHERE keyspace_name = ? AND table_name = ?`;
    const { rows } = await client.execute(query, [keyspace, like], { prepare: true });
    for (const row of rows) {
      const changed = new Map([...row.keys().map((key): [string, unknown] => [key, row[key]]), ["table_name", table]]);
      if (kind === "tables") changed.set("id", types.TimeUuid.now());
      const names = [...changed.keys()];
      const insert = `INSERT INTO system_schema.${kind} (${names.join()}) VALUES (${names.map(() => "?").join()})`;
      await client.execute(insert, [...changed.values()], { prepare: true });
    }
  }
}

test("a new table is written to only once the node works with it", async () => {
  await client.execute(createTableStatement({ keyspace, table: "whole" }));
  await storeSchemaRows("half_made", "whole");
  expect(await describeTable(client, "half_made")).toEqual(await describeTable(client, "whole"));
  let refusals = 0;
  const { watched, requests } = watchClient(client, async (_, send) => {
    try {
      return await send();
    } catch (error) {
      refusals += 1;
      // The library has seen twice that the node does not work with it. Now it does.
      if (refusals === 2) await client.execute(createTableStatement({ keyspace, table: "half_made" }));
      throw error;
    }
  });
  const history = openHistory({ client: watched, keyspace, table: "half_made" });
  await history.addUserMessage("hi");
  expect(refusals).toBe(2);
  expect(statementsOf(requests, DDL)).toEqual([]);
  expect(statementsOf(requests, /^INSERT/)).toHaveLength(1);
  expect(texts(await history.getMessages())).toEqual(["hi"]);
});

test("nothing is written when a node does not work with the table within 30 s", async () => {
  await client.execute(createTableStatement({ keyspace, table: "like" }));
  await storeSchemaRows("never_made", "like");
  const { watched, requests } = watchClient(client, async (_, send) => {
    try {
      return await send();
    } catch (error) {
      const now = Date.now();
      vi.spyOn(Date, "now").mockReturnValue(now + AGREEMENT_LIMIT + SECOND);
      throw error;
    }
  });
  onTestFinished(() => void vi.restoreAllMocks());
  const error = await failureOf(openHistory({ client: watched, keyspace, table: "never_made" }).addUserMessage("hi"));
  expect([error.code, error.message]).toEqual([
    "SETUP_FAILED",
    `Table "${keyspace}"."never_made" is new, and the nodes do not agree on the schema after 30 s: expected 1 version, got 0, ` +
      `and a node without the table. ${NOTHING_SENT} If it stays so, look at \`nodetool describecluster\`.`,
  ]);
  expect(statementsOf(requests, /^INSERT/)).toEqual([]);
});

test("a failed setup is forgotten, and the next call tries again", async () => {
  const later = `${keyspace}_later`;
  const history = openHistory({ client, keyspace: later });
  const error = await failureOf(history.addUserMessage("hi"));
  expect(error.code).toBe("SETUP_FAILED");
  expect(error.message).toBe(
    `Keyspace "${later}" does not exist (case counts). Create it first; the library never creates a keyspace. ${NOTHING_SENT}`,
  );
  await createKeyspace(client, later);
  await history.addUserMessage("hi");
  expect(texts(await history.getMessages())).toEqual(["hi"]);
  await client.execute(`DROP KEYSPACE "${later}"`);
});

test("a keyspace that differs in case only is suggested", async () => {
  const mixed = `Mixed_${keyspace}`;
  await createKeyspace(client, mixed);
  const error = await failureOf(
    openHistory({ client, keyspace: mixed.toLowerCase(), createTable: false }).getMessages(),
  );
  expect([error.code, error.message]).toEqual([
    "SETUP_FAILED",
    `Keyspace "${mixed.toLowerCase()}" does not exist (case counts). Did you mean "${mixed}"? ${NOTHING_SENT}`,
  ]);
  await client.execute(`DROP KEYSPACE "${mixed}"`);
});

test("a table dropped while in use is made anew, once", async () => {
  const { watched, requests } = watchClient(client);
  const histories = Array.from({ length: 5 }, () => openHistory({ client: watched, keyspace, table: "dropped" }));
  for (const history of histories) await history.addUserMessage("before");
  await client.execute(`DROP TABLE ${keyspace}.dropped`);
  requests.length = 0;
  await Promise.all(histories.map((history) => history.addUserMessage("after")));
  for (const history of histories) expect(texts(await history.getMessages())).toEqual(["after"]);
  expect(statementsOf(requests, DDL)).toHaveLength(1);
});

describe("createTable: false", () => {
  test("runs no DDL, and names the missing table with its statement", async () => {
    const { watched, requests } = watchClient(client);
    const history = openHistory({ client: watched, keyspace, table: "missing", createTable: false });
    const error = await failureOf(history.getMessages());
    expect(error.code).toBe("SETUP_FAILED");
    expect(error.message).toBe(
      `Table "${keyspace}"."missing" does not exist, and createTable is false. ${NOTHING_SENT} Create it with:\n` +
        createTableStatement({ keyspace, table: "missing" }),
    );
    expect(statementsOf(requests, DDL)).toEqual([]);
  });
});

describe("a table of another shape", () => {
  test.each([
    ["no clustering key", "session_id text PRIMARY KEY, message_id timeuuid, message text"],
    ["another id type", "session_id text, message_id uuid, message text, PRIMARY KEY (session_id, message_id)"],
    [
      "another message type",
      "session_id text, message_id timeuuid, message blob, PRIMARY KEY (session_id, message_id)",
    ],
    ["Python's names", "partition_id text, row_id timeuuid, body_blob text, PRIMARY KEY (partition_id, row_id)"],
    [
      "a further key",
      "session_id text, message_id timeuuid, n int, message text, PRIMARY KEY (session_id, message_id, n)",
    ],
  ])("is refused: %s", async (what, columns) => {
    const table = what.replaceAll(/\W/g, "_");
    await client.execute(`CREATE TABLE ${keyspace}."${table}" (${columns})`);
    const error = await failureOf(openHistory({ client, keyspace, table }).addUserMessage("hi"));
    expect(error.code).toBe("SETUP_FAILED");
    expect(error.message).toContain(`Table "${keyspace}"."${table}" has other columns: expected session_id text`);
    expect(error.message.includes("pass `columns: PYTHON_COLUMNS`")).toBe(what === "Python's names");
  });

  test.each([
    ["ascending", "session_id text, message_id timeuuid, message text, PRIMARY KEY (session_id, message_id)", ""],
    [
      "wider",
      "session_id text, message_id timeuuid, note text, message text, PRIMARY KEY (session_id, message_id)",
      "",
    ],
    [
      "expiring",
      "session_id text, message_id timeuuid, message text, PRIMARY KEY (session_id, message_id)",
      "WITH default_time_to_live = 100",
    ],
  ])("is used: %s", async (table, columns, options) => {
    await client.execute(`CREATE TABLE ${keyspace}.${table} (${columns}) ${options}`);
    const history = openHistory({ client, keyspace, table });
    await history.addUserMessage("1");
    await history.addAIMessage("2");
    expect(texts(await history.getMessages())).toEqual(["1", "2"]);
    expect(texts(await history.getMessages({ maxMessages: 1 }))).toEqual(["2"]);
  });

  test("is used with Python's column names", async () => {
    const columns = PYTHON_COLUMNS;
    await client.execute(createTableStatement({ keyspace, table: "python", columns }));
    const history = openHistory({ client, keyspace, table: "python", columns });
    await history.addUserMessage("hi");
    const { rows } = await client.execute(`SELECT partition_id, body_blob FROM ${keyspace}.python`);
    expect(rows[0]?.["partition_id"]).toBe(history.sessionId);
    expect(texts(await history.getMessages())).toEqual(["hi"]);
  });
});

describe("hostile names stay inside their quotes", () => {
  const victim = "victim";
  const names = [`x"; DROP TABLE ${keyspace}.${victim}; --`, `"."${victim}" (a`, '"', "a b", "';--"];

  test.each(names)("as a table: %s", async (table) => {
    await openHistory({ client, keyspace, table: victim }).setup();
    const error = await failureOf(openHistory({ client, keyspace, table }).addUserMessage("hi"));
    expect([error.code, error.message]).toEqual([
      "SETUP_FAILED",
      `The server refuses to make table "${keyspace}"."${table}" (ResponseError 0x2300; see the driver's error in \`cause\`). ` +
        `A table's name holds letters, digits and underscores only. ${NOTHING_SENT}`,
    ]);
    expect(await describeTable(client, victim)).toHaveLength(3);
  });

  test.each(names)("as a keyspace: %s", async (name) => {
    const error = await failureOf(openHistory({ client, keyspace: name }).addUserMessage("hi"));
    expect(error.code).toBe("SETUP_FAILED");
    expect(await describeTable(client, victim)).toHaveLength(3);
  });

  test("as a column, a name with quotes is an ordinary name", async () => {
    const columns = { sessionId: 'a "b"', messageId: "'; --", message: "Über" };
    const history = openHistory({ client, keyspace, table: "Columns", columns });
    await history.addUserMessage("hi");
    expect(texts(await history.getMessages())).toEqual(["hi"]);
    expect((await describeTable(client, "Columns")).map((column) => (column as unknown[])[0])).toContain('a "b"');
  });
});
