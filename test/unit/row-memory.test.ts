import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { MAX_REMEMBERED_ROWS } from "../../src/options/limits.ts";
import { RowMemory, type Turn } from "../../src/table/row-memory.ts";

const ROWS = Symbol.for("langchain-cassandra-history.rows.v1");
beforeEach(() => {
  Reflect.deleteProperty(globalThis, ROWS);
});

const memory = (sessionId = "s"): RowMemory => new RowMemory("app", "t", sessionId);
const mapOf = (name: string): Map<string, unknown> => Reflect.get(Reflect.get(globalThis, ROWS), name);

/** Ends of turns in the order in which they began. */
function follow(turns: Readonly<Record<string, Turn>>): string[] {
  const begun: string[] = [];
  for (const [name, { start }] of Object.entries(turns)) void Promise.resolve(start).then(() => begun.push(name));
  return begun;
}

async function settle(): Promise<void> {
  for (let at = 0; at < 20; at += 1) await Promise.resolve();
}

describe("turns of one row", () => {
  test("begin in the order of the calls, each when all before it have ended", async () => {
    const [a, b, c] = [memory().takeTurn("id"), memory().takeTurn("ID"), memory().takeTurn("id")];
    const begun = follow({ a, b, c });
    await settle();
    expect(begun).toEqual(["a"]);
    // As one that was given up while it waits.
    b.end();
    await settle();
    expect(begun).toEqual(["a"]);
    a.end();
    await settle();
    expect(begun).toEqual(["a", "b", "c"]);
    c.end();
    await settle();
    expect(mapOf("turns").size).toBe(0);
  });

  test("wait for none of another row, session or table", () => {
    memory().takeTurn("id");
    expect(memory().takeTurn("other").start).toBeUndefined();
    expect(memory("other").takeTurn("id").start).toBeUndefined();
    expect(new RowMemory("app", "u", "s").takeTurn("id").start).toBeUndefined();
    expect(memory().takeTurn("id").start).toBeDefined();
  });
});

test("what is remembered is bounded: the rows changed last", () => {
  const one = memory();
  for (let at = 0; at < 3 * MAX_REMEMBERED_ROWS; at += 1) {
    one.rememberUpdate(`${at}`, { writeTime: at, expiresAt: undefined });
    one.rememberDelete(`${at}`, at);
    one.rememberUpdate("often", { writeTime: at, expiresAt: 7 });
  }
  for (const name of ["updates", "deletes"]) expect(mapOf(name).size).toBeLessThanOrEqual(MAX_REMEMBERED_ROWS);
  const last = 3 * MAX_REMEMBERED_ROWS - 1;
  expect(one.lastUpdate("0")).toBeUndefined();
  expect(one.lastUpdate(`${last - 4000}`)).toEqual({ writeTime: last - 4000, expiresAt: undefined });
  expect(memory().lastUpdate("OFTEN")).toEqual({ writeTime: last, expiresAt: 7 });
});

test("a delete ahead of the clock is known until the clock has passed it", () => {
  memory().rememberDelete("a", 100);
  memory().rememberDelete("b", 200);
  expect(memory().lastDelete([{ id: "A" }, { id: "b" }, { id: "c" }], 50)).toBe(200);
  expect(memory().lastDelete([{ id: "a" }], 50)).toBe(100);
  expect(memory().lastDelete([{ id: "c" }], 50)).toBe(0);
  expect(memory("other").lastDelete([{ id: "b" }], 50)).toBe(0);
  expect(memory().lastDelete([{ id: "b" }], 201)).toBe(0);
  expect(mapOf("deletes").size).toBe(0);
});

test("of more deletes than are remembered, those of a session are taken to be as late as the latest that was forgotten", () => {
  const count = 2 * MAX_REMEMBERED_ROWS;
  memory("first").rememberDelete("0", 7);
  for (let at = 0; at < count; at += 1) memory().rememberDelete(`${at}`, 1000 + at);
  const latest = memory().lastDelete([{ id: "0" }], 50);
  expect(latest).toBeGreaterThanOrEqual(1000);
  expect(latest).toBeLessThan(1000 + count);
  expect(memory().lastDelete([{ id: `${count - 1}` }], 50)).toBe(999 + count);
  expect(memory("first").lastDelete([{ id: "0" }], 5)).toBe(7);
  expect(memory("other").lastDelete([{ id: "0" }], 50)).toBe(0);
  for (let at = 0; at < count; at += 1) memory(`${at}`).rememberDelete("id", 5000 + at);
  expect(mapOf("forgottenDeletes").size).toBeLessThanOrEqual(MAX_REMEMBERED_ROWS);
  expect(memory().lastDelete([{ id: "0" }], 5000 + count)).toBe(0);
  expect(mapOf("forgottenDeletes").size).toBe(0);
});

test.each([
  7,
  {},
  null,
  { turns: [], updates: new Map(), deletes: new Map(), forgottenDeletes: new Map(), lastDelete: 0 },
  { turns: new Map(), updates: new Map(), deletes: new Map(), lastDelete: 0 },
  { turns: new Map(), updates: new Map(), deletes: new Map(), forgottenDeletes: new Map(), lastDelete: Number.NaN },
])("what stands in the place of the memory and is none is replaced: %o", (found) => {
  Reflect.set(globalThis, ROWS, found);
  memory().rememberUpdate("id", { writeTime: 1, expiresAt: undefined });
  expect(memory().lastUpdate("id")).toEqual({ writeTime: 1, expiresAt: undefined });
});

test("a global object that takes no property: the copy of the library remembers by itself", () => {
  const define = Reflect.defineProperty;
  Reflect.defineProperty = (target, key, attributes) => target !== globalThis && define(target, key, attributes);
  onTestFinished(() => {
    Reflect.defineProperty = define;
  });
  memory().rememberUpdate("id", { writeTime: 1, expiresAt: undefined });
  expect(memory().lastUpdate("id")).toEqual({ writeTime: 1, expiresAt: undefined });
});
