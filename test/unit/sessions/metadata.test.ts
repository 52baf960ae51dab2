import vm from "node:vm";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { SessionMetadata } from "../../../src/index.ts";
import { decodeMetadata, encodeMetadata, mergeMetadata } from "../../../src/sessions/metadata.ts";
import { runs } from "../../support/runs.ts";

const key = fc.string({ unit: "grapheme", maxLength: 5 }).filter((one) => one !== "__proto__");
const metadata = fc.dictionary(key, fc.jsonValue());

/** As JSON has it: -0 is 0. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe("metadata", () => {
  test("any JSON comes back, frozen, without the keys that are null", () => {
    fc.assert(
      fc.property(metadata, (given) => {
        const merged = mergeMetadata(new Map(), encodeMetadata(given as SessionMetadata));
        const back = decodeMetadata("s", merged);
        const kept = Object.entries(given).filter(([, value]) => value !== null);
        expect(back).toEqual(plain(Object.fromEntries(kept)));
        expect(Object.isFrozen(back) && Object.values(back).every(Object.isFrozen)).toBe(true);
      }),
      runs(1000),
    );
  });

  test("is of any realm, and may have no prototype", () => {
    const foreign: SessionMetadata = vm.runInNewContext("({ a: [{ b: 1 }] })");
    const bare: SessionMetadata = Object.assign(Object.create(null), { a: [{ b: 1 }] });
    for (const given of [foreign, bare]) expect([...encodeMetadata(given)]).toEqual([["a", '[{"b":1}]']]);
  });

  test("an own key __proto__ inside a value is data", () => {
    const given: SessionMetadata = { a: JSON.parse('{"__proto__":{"x":1}}') };
    const texts = mergeMetadata(new Map(), encodeMetadata(given));
    expect(texts.get("a")).toBe('{"__proto__":{"x":1}}');
    expect(Object.keys(Object(decodeMetadata("s", texts)["a"]))).toEqual(["__proto__"]);
  });

  const cyclic: Record<string, unknown> = {};
  cyclic["self"] = cyclic;
  const throwing = {
    get a(): unknown {
      throw new Error("secret");
    },
  };
  test.each([
    ["undefined", { a: undefined }],
    ["NaN", { a: Number.NaN }],
    ["Infinity inside", { a: [Number.POSITIVE_INFINITY] }],
    ["a bigint", { a: 1n }],
    ["a function", { a: () => {} }],
    ["a symbol", { a: Symbol("secret") }],
    ["a Date", { a: new Date() }],
    ["a Map", { a: new Map() }],
    ["a hole", { a: new Array(1) }],
    ["a cycle", cyclic],
    ["deep nesting", { a: JSON.parse(`${"[".repeat(200)}${"]".repeat(200)}`) }],
    ["a getter that throws", throwing],
    ["a Map in its place", new Map([["a", 1]])],
    ["an array in its place", [1]],
    ["the key __proto__", JSON.parse('{"__proto__":1}')],
    ["a key with a lone surrogate", { "\ud800": 1 }],
  ])("%s is refused, and nothing of it is shown", (_, given) => {
    expect(() => encodeMetadata(given as SessionMetadata)).toThrow(/^Invalid option "metadata": expected (?!.*secret)/);
  });

  test("what another writer stored that is no JSON is a corrupt entry, and its text is not shown", () => {
    expect(() => decodeMetadata("s", new Map([["a", "secret"]]))).toThrow(/^The entry of session "s"(?!.*secret)/);
  });

  test("64 KiB is the most, after the change, in bytes of UTF-8", () => {
    const stored = new Map([["a", "x".repeat(65_535)]]);
    expect(() => mergeMetadata(stored, new Map([["€", "1"]]))).toThrow(/65540 bytes/);
    expect(
      mergeMetadata(
        stored,
        new Map([
          ["a", null],
          ["€", "1"],
        ]),
      ).size,
    ).toBe(1);
    expect(mergeMetadata(new Map([["a", "x".repeat(70_000)]]), new Map()).size).toBe(1);
  });
});
