import { expect, test } from "vitest";
import { describeKind, describeValue } from "../../src/errors/describe.ts";
import { custom, optionsObject } from "../../src/options/schemas.ts";
import { validate } from "../../src/options/validation.ts";

class Mine {}

test.each([
  [undefined, "nothing"],
  [null, "null"],
  ["", "an empty string"],
  ["secret", "a string of 6 characters"],
  [[1, 2], "an array of 2"],
  [{}, "an object"],
  [new Mine(), "an object"],
  [Object.create(null), "an object"],
  [() => 1, "a function"],
  [Symbol("secret"), "a symbol"],
  [5n, "a bigint"],
])("a value is described without its content: %o", (value, text) => {
  expect([describeKind(value), describeValue(value)]).toEqual([text, text]);
});

test.each([
  [5, "a number", "5 (a number)"],
  [true, "a boolean", "true (a boolean)"],
])("describeValue shows a number or a boolean, and describeKind does not: %o", (value, kind, shown) => {
  expect([describeKind(value), describeValue(value)]).toEqual([kind, shown]);
});

const deep = custom((value) => typeof value === "number", "a number");
const schema = optionsObject({
  flat: custom((value) => typeof value === "string", "a string"),
  outer: optionsObject({ inner: optionsObject({ deep }).optional() }, "an object of inner").optional(),
});

test.each([
  [{ flat: 5, outer: 5 }, 'Invalid option "flat": expected a string, got 5 (a number).'],
  [{ outer: 5 }, 'Invalid option "outer": expected an object of inner, got 5 (a number).'],
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
])("an error names the first wrong option by its path: %o", (value, message) => {
  expect(() => validate(schema, value)).toThrow(expect.objectContaining({ code: "INVALID_OPTION", message }));
});

test("right options come back as they were given", () => {
  let reads = 0;
  const options = {
    get flat() {
      reads += 1;
      return reads === 1 ? "first" : 5;
    },
    outer: { inner: { deep: 1 } },
  };
  expect(validate(schema, options)).toEqual({ flat: "first", outer: { inner: { deep: 1 } } });
});

test("an option that throws when it is read is refused without its error's text", () => {
  const options = {
    get flat(): string {
      throw new Error("secret");
    },
  };
  expect(() => validate(schema, options)).toThrow(
    expect.objectContaining({
      code: "INVALID_OPTION",
      message: 'Invalid option "options": expected values that can be read, got one that throws when it is read.',
    }),
  );
});
