import { expect, test } from "vitest";
import { PYTHON_COLUMNS } from "../../src/options/table-options.ts";
import { Statements } from "../../src/table/statements.ts";

const columns = { sessionId: "s", messageId: "i", message: "m" };
const statements = new Statements({ keyspace: "app", table: "t", columns });

test("every statement names its table and columns in quotes", () => {
  expect([statements.insert, statements.insertWithTtl]).toEqual([
    'INSERT INTO "app"."t" ("s", "i", "m") VALUES (?, (timeuuid)?, (text)?)',
    'INSERT INTO "app"."t" ("s", "i", "m") VALUES (?, (timeuuid)?, (text)?) USING TTL ?',
  ]);
});

test("select reads the columns that are asked for, within the bounds, in the order", () => {
  expect(statements.select(["message", "id", "ttl", "writetime", "now"], [">", "<="], "newest-first")).toBe(
    'SELECT "m" AS message, "i" AS id, TTL("m") AS ttl, WRITETIME("m") AS writetime, now() AS now FROM "app"."t" ' +
      'WHERE "s" = ? AND "i" > ? AND "i" <= ? ORDER BY "i" DESC',
  );
  expect(statements.select(["writetime"], [], "oldest-first")).toBe(
    'SELECT WRITETIME("m") AS writetime FROM "app"."t" WHERE "s" = ? ORDER BY "i" ASC',
  );
});

test("delete removes the whole session, or the ids that the bounds say, at the request's time or a row's own", () => {
  expect(statements.delete([])).toBe('DELETE FROM "app"."t" WHERE "s" = ?');
  expect(statements.deleteAt()).toBe('DELETE FROM "app"."t" USING TIMESTAMP ? WHERE "s" = ? AND "i" = ?');
  expect(statements.delete(["IN"])).toBe('DELETE FROM "app"."t" WHERE "s" = ? AND "i" IN ?');
});

test("the probe reads no row, but makes the node open the table", () => {
  expect(statements.definition.probe).toBe('SELECT "i" FROM "app"."t" WHERE "s" IN ()');
});

test("PYTHON_COLUMNS has the names of LangChain's Python class", () => {
  expect(PYTHON_COLUMNS).toEqual({ sessionId: "partition_id", messageId: "row_id", message: "body_blob" });
  expect(Object.isFrozen(PYTHON_COLUMNS)).toBe(true);
});
