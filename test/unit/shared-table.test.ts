import { Client } from "cassandra-driver";
import { expect, test } from "vitest";
import { SharedTable, type TableTarget } from "../../src/table/shared-table.ts";
import { Statements } from "../../src/table/statements.ts";

const columns = { sessionId: "s", messageId: "i", message: "m" };
const newClient = (): Client => new Client({ contactPoints: ["127.0.0.1"], localDataCenter: "datacenter1" });
const target: TableTarget = { client: newClient(), keyspace: "ab", table: "c", columns, createTable: true };

test("histories of one client and table share one definition, and those that differ in any name do not", () => {
  const others: TableTarget[] = [
    { ...target, keyspace: "a", table: "bc" },
    { ...target, table: "d" },
    ...["sessionId", "messageId", "message"].map((key) => ({ ...target, columns: { ...columns, [key]: "other" } })),
  ];
  const shared = SharedTable.of(target);
  expect(SharedTable.of({ ...target })).toBe(shared);
  expect(shared.statements.insert).toBe(new Statements(target).insert);
  for (const other of others) {
    expect(SharedTable.of(other).statements.insert).toBe(new Statements(other).insert);
    expect(SharedTable.of(other)).not.toBe(shared);
  }
});

test("each client has its own definition, and so has a history that never runs DDL", () => {
  const shared = SharedTable.of(target);
  expect(SharedTable.of({ ...target, client: newClient() })).not.toBe(shared);
  expect(SharedTable.of({ ...target, createTable: false })).not.toBe(shared);
});

test("a definition is dropped after those of many other tables", () => {
  const client = newClient();
  const first = SharedTable.of({ ...target, client });
  for (let at = 0; at < 300; at += 1) SharedTable.of({ ...target, client, keyspace: `other ${at}` });
  expect(SharedTable.of({ ...target, client })).not.toBe(first);
});

/** A client whose table has the id that is given; undefined where there is none. */
function clientWith(idOf: () => string | undefined): Client {
  const columns = [
    { column_name: "s", kind: "partition_key", type: "text" },
    { column_name: "i", kind: "clustering", type: "timeuuid" },
    { column_name: "m", kind: "regular", type: "text" },
  ];
  const execute = async (query: string): Promise<object> => {
    const id = idOf();
    if (query.includes("system_schema.columns")) return { rows: id === undefined ? [] : columns };
    if (query.includes("system_schema.tables")) return { rows: id === undefined ? [] : [{ id }] };
    return { rows: [] };
  };
  return { execute } as unknown as Client;
}

// Of the year 2020: every node has it.
const ids = [1, 2, 3].map((at) => `${at}0000000-2c5c-11ea-8000-010203040506`);

test("the first table of a name needs no mark; each that is made anew has its own, for all histories of the client", async () => {
  let id: string | undefined = ids[0];
  const client = clientWith(() => id);
  const [one, other] = [true, false].map((createTable) => SharedTable.of({ ...target, client, createTable }));
  const look = async (table: SharedTable | undefined): Promise<string | undefined> => {
    if (table === undefined) return undefined;
    table.forget(table.ensure());
    await table.ensure();
    return table.statementEnd;
  };
  expect(await look(one)).toBe("");
  id = ids[1];
  expect(await look(other)).toBe(` /* table ${ids[1]} */`);
  expect(await look(one)).toBe(` /* table ${ids[1]} */`);
  id = undefined;
  await expect(look(other)).rejects.toMatchObject({ code: "SETUP_FAILED" });
  id = ids[2];
  expect(await look(other)).toBe(` /* table ${ids[2]} */`);
  // The first one, restored.
  id = ids[0];
  expect(await look(one)).toBe("");
  one?.renewStatements();
  expect(one?.statementEnd).toBe(` /* table ${ids[0]} */`);
});

test("very many names are not kept for ever", async () => {
  const client = clientWith(() => ids[0]);
  const first = SharedTable.of({ ...target, client });
  await first.ensure();
  for (let at = 0; at < 300; at += 1) await SharedTable.of({ ...target, client, keyspace: `other ${at}` }).ensure();
  expect(first.statementEnd).not.toBe("");
});
