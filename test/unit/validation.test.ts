import { expect, test } from "vitest";
import { z } from "zod";
import { describeKind, describeValue, validate } from "../../src/options/validation.ts";

class Mine {}

test.each([
  [undefined, "nothing"],
  [null, "null"],
  ["", "an empty string"],
  ["secret", "a string of 6 characters"],
  [[1, 2], "an array of 2"],
  [{}, "an object (Object)"],
  [new Mine(), "an object (Mine)"],
  [Object.create(null), "an object (without a class)"],
  [() => 1, "a function"],
  [Symbol("secret"), "a symbol"],
  [5n, "a bigint"],
])("what came is told without its content: %o", (value, text) => {
  expect([describeKind(value), describeValue(value)]).toEqual([text, text]);
});

test.each([
  [5, "a number", "5 (a number)"],
  [true, "a boolean", "true (a boolean)"],
])("a number or a boolean is shown where it is an option's: %o", (value, kind, shown) => {
  expect([describeKind(value), describeValue(value)]).toEqual([kind, shown]);
});

const schema = z.strictObject({
  flat: z.string().describe("a string").optional(),
  outer: z
    .strictObject({ inner: z.strictObject({ deep: z.number().describe("a number") }).optional() })
    .describe("an object")
    .optional(),
});

test.each([
  [{ flat: 5, outer: 5 }, 'Invalid option "flat": expected a string, got 5 (a number).'],
  [{ outer: 5 }, 'Invalid option "outer": expected an object, got 5 (a number).'],
  [
    { outer: { inner: { deep: "x" } } },
    'Invalid option "outer.inner.deep": expected a number, got a string of 1 characters.',
  ],
  [
    { outer: { inner: { deep: 1, x: 2 } } },
    'Invalid option "outer.inner.x": expected one of the options deep, got an unknown one (is it misspelled?).',
  ],
  [{ x: 2 }, 'Invalid option "x": expected one of the options flat, outer, got an unknown one (is it misspelled?).'],
  [7, 'Invalid option "options": expected an object, got 7 (a number).'],
])("the first option that is wrong is named by its path: %o", (value, message) => {
  expect(() => validate(schema, value)).toThrow(expect.objectContaining({ code: "INVALID_OPTION", message }));
});

test("what is right passes", () => {
  validate(schema, { flat: "a", outer: { inner: { deep: 1 } } });
});
