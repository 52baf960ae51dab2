import { describe, expect, test } from "vitest";
import { checkArguments, checkIds, checkText, copyMessages } from "../../src/options/arguments.ts";
import { errorThrownBy } from "../support/failure.ts";
import { LATER_UNKNOWN_ID, UNKNOWN_ID } from "../support/ids.ts";

const id = UNKNOWN_ID;
const later = LATER_UNKNOWN_ID;
const { signal } = new AbortController();
const entry = "the id of an entry, a timeuuid string";
const entries = "an array of ids of entries, timeuuid strings";
const limit = "a whole number from 1 on";

type Method = Parameters<typeof checkArguments>[0];

const taken: [Method, ...object[]][] = [
  ["getMessages", {}, { maxMessages: 1, signal }, { maxMessages: undefined }],
  ["append", {}, { ids: [id], ttlSeconds: 1, signal }, { ids: [], ttlSeconds: 630_720_000 }],
  [
    "entries",
    {},
    { order: "oldest-first", after: id, limit: 1, signal },
    { order: "newest-first", after: id, before: later },
  ],
  ["getPage", { limit: 1 }, { limit: Number.MAX_SAFE_INTEGER, before: id }, { limit: 1, after: id, before: undefined }],
  ["update", { id }],
  ["delete", { ids: [] }, { ids: [id, later] }],
  ["deleteFrom", { id }],
  ["fork", {}, { through: id }],
];

test.each(taken)("%s accepts its documented arguments", (method, ...values) => {
  for (const value of values) checkArguments(method, value);
});

const refused: [Method, value: unknown, option: string, expected: string, came: string][] = [
  [
    "getMessages",
    { maxMessages: 0 },
    "maxMessages",
    "a whole number from 1 on, or nothing for all messages",
    "0 (a number)",
  ],
  ["getMessages", { signal: {} }, "signal", "an AbortSignal", "an object"],
  ["count", { signal: { aborted: false, addEventListener() {} } }, "signal", "an AbortSignal", "an object"],
  ["append", { ids: id }, "ids", entries, "a string of 36 characters"],
  ["append", { ids: [id, "x"] }, "ids", entries, "an array of 2"],
  ["append", { ids: [{ toString: () => id }] }, "ids", entries, "an array of 1"],
  ["entries", { order: "random" }, "order", '"oldest-first" or "newest-first"', "a string of 6 characters"],
  ["entries", { after: "x" }, "after", entry, "a string of 1 characters"],
  ["entries", { before: 5 }, "before", entry, "5 (a number)"],
  ["entries", { limit: 0 }, "limit", limit, "0 (a number)"],
  ["getPage", {}, "limit", limit, "nothing"],
  ["getPage", { limit: 1.5 }, "limit", limit, "1.5 (a number)"],
  ["getPage", { limit: 1, after: id, before: id }, "after", "only one of before and after", "both"],
  ["update", {}, "id", entry, "nothing"],
  ["delete", {}, "ids", entries, "nothing"],
  ["deleteFrom", { id: null }, "id", entry, "null"],
  ["fork", { through: "x" }, "through", entry, "a string of 1 characters"],
  ["fork", undefined, "options", "an object", "nothing"],
];

test.each(refused)("%s refuses %o, and names the option", (method, value, option, expected, came) => {
  expect(() => checkArguments(method, value)).toThrow(
    expect.objectContaining({
      code: "INVALID_OPTION",
      message: `Invalid option "${option}": expected ${expected}, got ${came}.`,
    }),
  );
});

test.each(taken)("%s lists its options when it refuses an unknown one", (method, ...values) => {
  const known = new Set(values.flatMap(Object.keys));
  const message = / of the options (.*), got/.exec(
    errorThrownBy(() => checkArguments(method, { ...values[0], x: 1 })).message,
  )?.[1];
  expect(message?.split(", ").sort()).toEqual(expect.arrayContaining([...known].sort()));
});

test("messages are an array", () => {
  expect(copyMessages([])).toEqual([]);
  expect(() => copyMessages("hi")).toThrow(
    'Invalid option "messages": expected an array of messages, got a string of 2 characters.',
  );
  const holes: unknown[] = [];
  holes.length = 2;
  expect(copyMessages(holes)).toStrictEqual([undefined, undefined]);
});

test("an array of messages that throws when it is read is a wrong argument, and nothing of its error is shown", () => {
  const fail = (): never => {
    throw new Error("secret text");
  };
  const { proxy, revoke } = Proxy.revocable([], {});
  revoke();
  for (const messages of [proxy, new Proxy([], { get: fail }), Object.defineProperty([], 0, { get: fail })]) {
    expect(() => copyMessages(messages)).toThrow(
      'Invalid option "messages": expected values that can be read, got one that throws when it is read.',
    );
  }
});

test("a text may be a string or content blocks", () => {
  for (const text of ["", "hi", [], [{ type: "text", text: "hi" }]]) expect(checkText(text as string)).toBe(text);
});

test.each([
  [undefined, "nothing"],
  [null, "null"],
  [5, "5 (a number)"],
  [{ length: 1 }, "an object"],
])("%o is refused as a text", (text, came) => {
  expect(() => checkText(text as string)).toThrow(
    expect.objectContaining({
      code: "INVALID_OPTION",
      message: `Invalid option "message": expected a string, got ${came}.`,
    }),
  );
});

describe("ids", () => {
  const expected =
    'Invalid option "ids": expected as many timeuuids as messages, in ascending order (the `ids` of the failed attempt), got ';

  test("are accepted when they ascend and are as many as the messages", () => {
    checkIds(undefined, 5);
    checkIds([], 0);
    checkIds([id, later], 2);
  });

  test.each([
    [[id], 2, "1 ids for 2 messages."],
    [[id, id], 2, `${id} after one that is not less.`],
    [[later, id], 2, `${id} after one that is not less.`],
  ])("%o are refused for %i messages", (ids, messages, came) => {
    expect(() => checkIds(ids, messages)).toThrow(`${expected}${came}`);
  });
});
