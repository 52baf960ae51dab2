import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { chatSessionKey } from "../../../src/index.ts";
import { isChatSessionKey } from "../../../src/sessions/session-key.ts";
import { awkwardId } from "../../support/awkward-ids.ts";
import { runs } from "../../support/runs.ts";

/** What may be taken for it: JSON that says the same, JSON of something else, text that is none. */
const OTHER_TEXTS = [
  '["a", "b"]',
  '["a","b","c"]',
  '["a"]',
  '["a",1]',
  '["","b"]',
  '["a",""]',
  '["\\u0061","b"]',
  "a",
  "",
  "[",
  '{"0":"a","1":"b"}',
];

describe("the key of a user's session", () => {
  test("is the JSON of both ids", () => {
    expect(chatSessionKey("ada", "trip")).toBe('["ada","trip"]');
    expect(chatSessionKey('a"', "\0")).toBe('["a\\"","\\u0000"]');
  });

  test("differs where either id differs, by a normal form of Unicode or by a NUL", () => {
    fc.assert(
      fc.property(awkwardId, awkwardId, awkwardId, awkwardId, (userA, a, userB, b) => {
        expect(chatSessionKey(userA, a) === chatSessionKey(userB, b)).toBe(userA === userB && a === b);
      }),
      runs(20_000),
    );
  });

  test("gives both ids back, and is known as a key", () => {
    fc.assert(
      fc.property(awkwardId, awkwardId, (userId, sessionId) => {
        const key = chatSessionKey(userId, sessionId);
        expect(JSON.parse(key)).toEqual([userId, sessionId]);
        expect(key.isWellFormed()).toBe(true);
        expect(isChatSessionKey(key)).toBe(true);
      }),
      runs(2000),
    );
  });

  test.each(OTHER_TEXTS)("is not %j", (text) => {
    expect(isChatSessionKey(text)).toBe(false);
  });

  test("has at most 65,535 bytes of UTF-8", () => {
    const room = 65_535 - JSON.stringify(["u", ""]).length;
    expect(Buffer.byteLength(chatSessionKey("u", "x".repeat(room)))).toBe(65_535);
    expect(() => chatSessionKey("u", "x".repeat(room + 1))).toThrow(/"sessionId".*65535 UTF-8 bytes.*got 65536 bytes/);
    expect(Buffer.byteLength(chatSessionKey("u", `${"€".repeat(room / 3 - 1)}`))).toBeLessThanOrEqual(65_535);
    expect(() => chatSessionKey("u", "€".repeat(room / 3 + 1))).toThrow("65535");
    expect(() => chatSessionKey("\0".repeat(11_000), "s")).toThrow("65535");
  });

  test.each([
    ["userId", ["", "s"]],
    ["userId", ["\ud800", "s"]],
    ["userId", [1, "s"]],
    ["userId", [undefined, "s"]],
    ["sessionId", ["u", ""]],
    ["sessionId", ["u", "\udc00a"]],
    ["sessionId", ["u", null]],
    ["sessionId", ["u", ["s"]]],
    ["sessionId", ["u", { toString: () => "s" }]],
  ])("a wrong %s is named", (option, ids) => {
    const [userId, sessionId] = ids as [string, string];
    expect(() => chatSessionKey(userId, sessionId)).toThrow(
      `Invalid option "${option}": expected a well-formed string`,
    );
  });
});
