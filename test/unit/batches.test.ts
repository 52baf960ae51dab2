import fc from "fast-check";
import { expect, test } from "vitest";
import { groupCalls, maxBatchRows, splitRows } from "../../src/history/batches.ts";
import { MAX_BATCH_BYTES, MAX_BATCH_STATEMENTS } from "../../src/options/limits.ts";
import type { InsertRow } from "../../src/table/stored-row.ts";

const row = fc
  .oneof(fc.nat({ max: 1000 }), fc.integer({ min: 350_000, max: 2 * MAX_BATCH_BYTES }))
  .map((bytes): InsertRow => ({ id: "", text: "", bytes, ttlSeconds: undefined }));
const sizeOf = (rows: readonly InsertRow[]): number => rows.reduce((sum, { bytes }) => sum + bytes, 0);
const small: InsertRow = { id: "", text: "", bytes: 1, ttlSeconds: undefined };

test("batches keep the order of the rows, and only a batch of one row is too large", () => {
  fc.assert(
    fc.property(fc.array(row, { maxLength: 50 }), (rows) => {
      const batches = splitRows(rows, MAX_BATCH_STATEMENTS);
      expect(batches.flat()).toEqual(rows);
      for (const batch of batches) expect(batch.length === 1 || sizeOf(batch) <= MAX_BATCH_BYTES).toBe(true);
    }),
  );
});

test("two batches in a row never fit into one", () => {
  fc.assert(
    fc.property(fc.array(row, { maxLength: 50 }), (rows) => {
      const batches = splitRows(rows, MAX_BATCH_STATEMENTS);
      for (const [at, batch] of batches.entries()) {
        const before = batches[at - 1];
        if (before !== undefined) expect(sizeOf(before) + (batch[0]?.bytes ?? 0)).toBeGreaterThan(MAX_BATCH_BYTES);
      }
    }),
  );
});

test("a batch holds no more statements than the protocol can count", () => {
  const rows = Array.from({ length: MAX_BATCH_STATEMENTS + 1 }, () => small);
  expect(splitRows(rows, MAX_BATCH_STATEMENTS).map((batch) => batch.length)).toEqual([MAX_BATCH_STATEMENTS, 1]);
});

test("calls keep their order, none is split, and a large one has a batch of its own", () => {
  const call = fc.array(row, { minLength: 1, maxLength: 8 }).map((rows) => ({ rows }));
  fc.assert(
    fc.property(fc.array(call, { maxLength: 20 }), (calls) => {
      const groups = groupCalls(calls, MAX_BATCH_STATEMENTS);
      expect(groups.flat()).toEqual(calls);
      for (const group of groups) {
        expect(group.length === 1 || sizeOf(group.flatMap(({ rows }) => rows)) <= MAX_BATCH_BYTES).toBe(true);
      }
    }),
  );
});

test("no rows and no calls make no batch", () => {
  expect(splitRows([], MAX_BATCH_STATEMENTS)).toEqual([]);
  expect(groupCalls([], MAX_BATCH_STATEMENTS)).toEqual([]);
});

test.each([
  ["s", MAX_BATCH_STATEMENTS],
  ["x".repeat(1000), 7884],
  ["ä".repeat(500), 7884],
])("a long session id leaves room for fewer rows in a batch: case %#", (sessionId, rows) => {
  expect(maxBatchRows(sessionId)).toBe(rows);
});
