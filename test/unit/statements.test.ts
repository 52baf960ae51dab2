import { expect, test } from "vitest";
import { PYTHON_COLUMNS, Statements } from "../../src/table/statements.ts";

const columns = { sessionId: "s", messageId: "i", message: "m" };
const statements = new Statements({ keyspace: "app", table: "t", columns });

test("every statement names its table and columns in quotes", () => {
  expect([statements.insert, statements.insertWithTtl]).toEqual([
    'INSERT INTO "app"."t" ("s", "i", "m") VALUES (?, ?, ?)',
    'INSERT INTO "app"."t" ("s", "i", "m") VALUES (?, ?, ?) USING TTL ?',
  ]);
});

test("reading: what is asked for, in the order asked for", () => {
  expect(statements.select(["message", "ttl", "writetime"], [">", "<="], "newest-first")).toBe(
    'SELECT "i" AS id, "m" AS message, TTL("m") AS ttl, WRITETIME("m") AS writetime FROM "app"."t" ' +
      'WHERE "s" = ? AND "i" > ? AND "i" <= ? ORDER BY "i" DESC',
  );
  expect(statements.select([], [], "oldest-first")).toBe(
    'SELECT "i" AS id FROM "app"."t" WHERE "s" = ? ORDER BY "i" ASC',
  );
});

test("deleting", () => {
  expect(statements.delete([])).toBe('DELETE FROM "app"."t" WHERE "s" = ?');
  expect(statements.delete(["IN"])).toBe('DELETE FROM "app"."t" WHERE "s" = ? AND "i" IN ?');
});

test("the probe reads no row, but makes the node open the table", () => {
  expect(statements.probe).toBe('SELECT "i" FROM "app"."t" WHERE "s" IN ()');
});

test("histories of one table share its texts; tables that differ in any name do not", () => {
  const names = { keyspace: "ab", table: "c", columns };
  const others = [
    { ...names, keyspace: "a", table: "bc" },
    { ...names, table: "d" },
    ...["sessionId", "messageId", "message"].map((key) => ({ ...names, columns: { ...columns, [key]: "other" } })),
  ];
  const shared = Statements.of(names);
  expect(shared.insert).toBe(new Statements(names).insert);
  for (const other of others) expect(Statements.of(other).insert).toBe(new Statements(other).insert);
  expect(Statements.of({ ...names })).toBe(shared);
});

test("the texts of very many tables are not kept for ever", () => {
  const first = Statements.of({ keyspace: "first", table: "t", columns });
  for (let at = 0; at < 300; at += 1) Statements.of({ keyspace: `other ${at}`, table: "t", columns });
  expect(Statements.of({ keyspace: "first", table: "t", columns })).not.toBe(first);
});

test("the names of LangChain's Python class", () => {
  expect(PYTHON_COLUMNS).toEqual({ sessionId: "partition_id", messageId: "row_id", message: "body_blob" });
  expect(Object.isFrozen(PYTHON_COLUMNS)).toBe(true);
});
