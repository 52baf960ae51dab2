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
