import { HumanMessage } from "@langchain/core/messages";
import { describe, expect, test } from "vitest";
import { isCodecError } from "../../../src/codec/codec-error.ts";
import { jsonCodec } from "../../../src/codec/json.ts";
import { cpuOfParses, MOST_PARSES } from "../../support/cpu.ts";

const at = { sessionId: "s", id: "0b2f6400-c9ad-11f0-8000-010203040506" };
/** A little less than the 16 MiB that a server takes. */
const SIZE = 16_700_000;

type Outcome = ReturnType<typeof jsonCodec.decode> | "corrupt";

/** How a row is read: the message, or that it is corrupt. */
function outcomeOf(row: string): Outcome {
  try {
    return jsonCodec.decode(row, at);
  } catch (error) {
    expect(isCodecError(error) || error instanceof SyntaxError || error instanceof RangeError).toBe(true);
    return "corrupt";
  }
}
/** How a row is read, once it is known that the time was bounded. */
async function read(text: string): Promise<Outcome> {
  // One flat string, as the driver gives it.
  const row = Buffer.from(text).toString();
  const { result, parses } = await cpuOfParses(() => outcomeOf(row));
  expect(parses).toBeLessThan(MOST_PARSES);
  return result;
}

const foreign = (fields: string, type = "human"): string => `{"type":"${type}","data":{"content":"x"${fields}}}`;
const own = (fields: string, marks = "[]", type = "human"): string =>
  `{"type":"${type}","data":{"content":"x"${fields}},"codec":1,"marks":${marks}}`;

/** A list of as many items as the size holds, or so many. */
function items(item: string | ((at: number) => string), size = SIZE - 300, most = Number.POSITIVE_INFINITY): string {
  const all: string[] = [];
  for (let length = 0; length < size && all.length < most; ) {
    const next = typeof item === "string" ? item : item(all.length);
    all.push(next);
    length += next.length + 1;
  }
  return all.join(",");
}
const key = (number: number): string => `k${number.toString(36)}`;

/** So many letters, in an order of the number's own. */
function shuffled(number: number, letters: number): string[] {
  const left = Array.from({ length: letters }, (_, at) => key(at));
  let random = Math.imul(number, 0x9e3779b1);
  return Array.from({ length: letters }, () => {
    random = (Math.imul(random, 1_103_515_245) + 12_345) >>> 0;
    return left.splice((random >>> 8) % left.length, 1)[0] ?? "";
  });
}
/** An object of known keys, in an order of the number's own. */
const ordered = (letters: number) => (number: number) => `{${shuffled(number, letters).map((name) => `"${name}":1`)}}`;
/** An object of 100 keys that follow one another in a ring of 9,973 keys. */
const ofRing = (number: number): string =>
  `{${Array.from({ length: 100 }, (_, at) => `"${key((number + at) % 9973)}":${at % 2 ? 1 : 0.5}`)}}`;

describe("a row of 16 MiB that is valid is read in time", () => {
  test.each<[string, () => string]>([
    ["text with an escape for every character", () => foreign(`,"a":"${"\\n".repeat(SIZE / 2 - 100)}"`)],
    ["such a text beside NaN", () => foreign(`,"p":NaN,"a":"${"\\n".repeat(SIZE / 2 - 100)}"`)],
    ["a text of quotes beside NaN", () => foreign(`,"p":NaN,"a":"${'\\"'.repeat(SIZE / 2 - 100)}"`)],
    ["a text of escaped code points beside NaN", () => foreign(`,"p":NaN,"a":"${"\\u00e4".repeat(SIZE / 6 - 100)}"`)],
    ["short texts beside NaN", () => foreign(`,"p":NaN,"a":[${items('""')}]`)],
    ["many a NaN", () => foreign(`,"a":[${items("NaN")}]`)],
    ["many an Infinity", () => foreign(`,"a":[${items("-Infinity")}]`)],
    ["objects with NaN, as Python spaces them", () => foreign(`,"a":[${items(' {"a": NaN}')}]`)],
    ["numbers beside NaN", () => foreign(`,"p":NaN,"a":[${items("1")}]`)],
    ["objects of the same keys", () => foreign(`,"a":[${items('{"id":1,"name":"ada","score":0.5}')}]`)],
    ["a bigint of 16 million digits", () => own(`,"a":"-0x${"f".repeat(SIZE - 200)}"`, '[[["a"],"bigint"]]')],
    ["binary data", () => own(`,"a":"${"A".repeat(SIZE - 200)}"`, '[[["a"],"bytes"]]')],
    ["a set of numbers", () => own(`,"a":[${items(String)}]`, '[[["a"],"set"]]')],
    ["a map", () => own(`,"a":[${items((n) => `[${n}]`, SIZE, 1_400_000)}]`, '[[["a"],"map"]]')],
    [
      "marks",
      () => own(`,"a":[${items('""', SIZE, 390_000)}]`, `[${items((n) => `[["a",${n}],"view"]`, SIZE, 390_000)}]`),
    ],
    ["an object of 400,000 indices", () => foreign(`,"a":{${items((n) => `"${n}":1`, SIZE, 400_000)}}`)],
    ["objects of two indices", () => foreign(`,"a":[${items('{"0":1,"1":2}', SIZE, 490_000)}]`)],
    ["objects of eight keys in any order", () => foreign(`,"a":[${items(ordered(8))}]`)],
    ["an escape around many objects", () => foreign(`,"a":{"__lc_escaped__":[${items("{}", SIZE, 1_400_000)}]}`)],
  ])("%s", async (_, make) => {
    expect(await read(make())).toMatchObject({ type: "human" });
  });
});

describe("a row of 16 MiB that would take longer is corrupt, in time", () => {
  test.each<[string, () => string]>([
    ["opening brackets", () => "[".repeat(SIZE)],
    ["opening braces", () => '{"a":'.repeat(SIZE / 5)],
    ["nested lists", () => foreign(`,"a":${"[".repeat(SIZE / 2 - 100)}${"]".repeat(SIZE / 2 - 100)}`)],
    ["nested lists of this library", () => own(`,"a":${"[".repeat(SIZE / 2 - 100)}${"]".repeat(SIZE / 2 - 100)}`)],
    ["nested lists around NaN", () => foreign(`,"a":${"[".repeat(SIZE / 2 - 100)}NaN${"]".repeat(SIZE / 2 - 100)}`)],
    ["lists nested 900 deep", () => foreign(`,"a":[${items("[".repeat(900) + "]".repeat(900))}]`)],
    ["empty objects", () => foreign(`,"a":[${items("{}")}]`)],
    ["empty lists, and a text that ends amid them", () => `${foreign(`,"a":[${items("[]")}`)}`],
    ["different keys", () => foreign(`,"a":{${items((n) => `"${key(n)}":1`)}}`)],
    ["objects of different keys", () => own(`,"a":[${items((n) => `{"${key(n)}":1}`)}]`)],
    ["objects of 16 keys in any order", () => foreign(`,"a":[${items(ordered(16))}]`)],
    ["objects of 30 keys in any order beside NaN", () => foreign(`,"p":NaN,"a":[${items(ordered(30))}]`)],
    [
      "objects of keys that begin with a digit in any order",
      () => foreign(`,"a":[${items((n) => ordered(16)(n).replaceAll('"k', '"0'))}]`),
    ],
    ["objects of keys in a ring", () => foreign(`,"a":[${items(ofRing)}]`)],
    ["objects that have an index", () => foreign(`,"a":[${items('{"1000":1} ')}]`)],
    ["objects that have an index beside NaN", () => foreign(`,"p":NaN,"a":[${items('{"4000000000":1}')}]`)],
    ["objects that have a key and an index", () => foreign(`,"a":[${items('{"a":1,"9":1}')}]`)],
    ["fields", () => foreign(`,${items((n) => `"${key(n)}":1`)}`)],
    ["200,000 fields", () => foreign(`,"p":NaN,${items((n) => `"${key(n)}":1`, SIZE, 200_000)}`)],
    ["fields that marks add", () => own("", `[${items((n) => `[["${key(n)}"],"undefined"]`, SIZE, 390_000)}]`)],
    ["marks", () => own(',"a":1', `[${items('[["a"],"nan"]')}]`)],
    ["a bigint of 16 million decimal digits", () => own(`,"a":"${"9".repeat(SIZE - 200)}"`, '[[["a"],"bigint"]]')],
    [
      "bigints of 100,000 decimal digits",
      () =>
        own(
          `,${items((n) => `"${key(n)}":"${"9".repeat(1e5)}"`)}`,
          `[${items((n) => `[["${key(n)}"],"bigint"]`, 1e4, 160)}]`,
        ),
    ],
    ["a set of short texts", () => own(`,"a":[${items((n) => `"${n.toString(36)}"`)}]`, '[[["a"],"set"]]')],
    ["calls", () => foreign(`,"tool_calls":[${items("{}")}]`, "ai")],
    [
      "calls in a provider's own form whose arguments are no JSON",
      () => foreign(`,"additional_kwargs":{"tool_calls":[${items('{"function":{"arguments":"{"}}')}]}`, "ai"),
    ],
    [
      "a call in a provider's own form whose arguments are deep",
      () =>
        foreign(`,"additional_kwargs":{"tool_calls":[{"function":{"arguments":"${"[".repeat(SIZE - 300)}"}}]}`, "ai"),
    ],
    [
      "the characters that stand for NaN, all at the end",
      () => foreign(`,"p":NaN,"a":"${"x".repeat(SIZE - 300)}\ufdd0\ufdd1\ufdd2\ufdd3"`),
    ],
    ["no JSON", () => "NaN".repeat(SIZE / 3)],
    ["half a string", () => `NaN"${"\\".repeat(SIZE)}`],
  ])("%s", async (_, make) => {
    expect(await read(make())).toBe("corrupt");
  });
});

describe("what would not be read is not written", () => {
  test.each<[string, () => unknown, string]>([
    [
      "empty objects",
      () => Array.from({ length: 1_600_000 }, () => ({})),
      "Expected fewer objects, lists, and different keys",
    ],
    [
      "different keys",
      () => Object.fromEntries(Array.from({ length: 400_000 }, (_, n) => [key(n), 1])),
      "Expected fewer objects",
    ],
    [
      "values beyond JSON",
      () => Array(400_001).fill(undefined),
      "Expected at most 400000 values that JSON has no form for.",
    ],
  ])("%s", (_, make, why) => {
    expect(() => jsonCodec.encode(new HumanMessage({ content: "x", additional_kwargs: { a: make() } }), at)).toThrow(
      why,
    );
  });

  test.each([500_000, 2 ** 32 - 1])("a list of holes, %d long", (length) => {
    const holes = Array(length);
    expect(() => jsonCodec.encode(new HumanMessage({ content: "x", additional_kwargs: { holes } }), at)).toThrow(
      "Expected at most 400000 values that JSON has no form for.",
    );
  });

  test("many deep values beyond JSON", () => {
    let deep: unknown = Array(100_000).fill(Number.NaN);
    for (let level = 0; level < 900; level += 1) deep = [deep];
    expect(() => jsonCodec.encode(new HumanMessage({ content: "x", additional_kwargs: { deep } }), at)).toThrow(
      "Expected values that JSON has no form for to be less deep.",
    );
  });

  test("fields", () => {
    const fields = Object.fromEntries(Array.from({ length: 100_001 }, (_, n) => [key(n), 1]));
    expect(() => jsonCodec.encode(Object.assign(new HumanMessage("x"), fields), at)).toThrow(
      "Expected at most 100000 fields.",
    );
  });

  test("a million small objects are", async () => {
    const message = new HumanMessage({
      content: "x",
      additional_kwargs: { a: Array.from({ length: 1e6 }, () => ({ a: 1 })) },
    });
    expect(await read(jsonCodec.encode(message, at))).toMatchObject({ type: "human" });
  });
});

describe("deep nesting is kept, or refused where it is written", () => {
  test.each([1000, 2000, 5000, 20_000, 500_000])("%d levels", (depth) => {
    for (const leaf of [1, Number.NaN]) {
      let nested: unknown = leaf;
      for (let level = 0; level < depth; level += 1) nested = level % 2 === 0 ? { nested } : [nested];
      let text: string;
      try {
        text = jsonCodec.encode(new HumanMessage({ content: "x", additional_kwargs: { nested } }), at);
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
        expect(depth).toBeGreaterThan(1000);
        continue;
      }
      let inner: unknown = jsonCodec.decode(text, at).additional_kwargs["nested"];
      let levels = 0;
      for (; typeof inner === "object" && inner !== null; levels += 1) inner = Object.values(inner)[0];
      expect([levels, inner]).toEqual([depth, leaf]);
    }
  });
});

test.each<[string, (inner: unknown) => unknown, (outer: never) => unknown]>([
  ["the values of a Map", (inner) => new Map([[1, inner]]), (map: Map<unknown, unknown>) => map.get(1)],
  ["the keys of a Map", (inner) => new Map([[inner, 1]]), (map: Map<unknown, unknown>) => [...map.keys()][0]],
  ["a Set", (inner) => new Set([inner]), (set: Set<unknown>) => [...set][0]],
  ["what toJSON gives", (inner) => ({ toJSON: () => [inner] }), (list: unknown[]) => list[0]],
])("1,000 levels are kept: %s", (_, wrap, unwrap) => {
  let nested: unknown = Number.NaN;
  for (let level = 0; level < 1000; level += 1) nested = wrap(nested);
  const message = new HumanMessage({ content: "x", additional_kwargs: { nested } });
  let read = jsonCodec.decode(jsonCodec.encode(message, at), at).additional_kwargs["nested"];
  for (let level = 0; level < 1000; level += 1) read = unwrap(read as never);
  expect(read).toBe(Number.NaN);
});

describe("bigints of any size come back", () => {
  test.each([
    0n,
    -1n,
    10n ** 999n,
    -(10n ** 999n),
    2n ** 3299n,
    -(2n ** 3299n),
    2n ** 3300n,
    -(2n ** 3300n),
    1n << 20_000_000n,
  ])("number %#", (value) => {
    const message = new HumanMessage({ content: "x", additional_kwargs: { value } });
    const read = jsonCodec.decode(jsonCodec.encode(message, at), at);
    expect(read.additional_kwargs["value"] === value).toBe(true);
  });
});

describe("a key that is a bare word is no key", () => {
  test.each(["{NaN: 1}", '{"a": {Infinity: 1}}', "{-Infinity: [NaN]}", "{NaN: NaN}"])("%s", (kwargs) => {
    expect(outcomeOf(`{"type": "human", "data": {"content": "x", "additional_kwargs": ${kwargs}}}`)).toBe("corrupt");
  });

  test.each(["-NaN", "1NaN", "NaN1", "1Infinity", "Infinity1", "NaNNaN", '"x"NaN', "+Infinity", "-"])(
    "no value: %s",
    (word) => {
      expect(outcomeOf(foreign(`,"a":${word},"b":NaN`))).toBe("corrupt");
    },
  );

  test("the character that stands for a word may be in the text", () => {
    const texts = '"\ufdd0","\\ufdd1","\\uFDD2"';
    expect(outcomeOf(foreign(`,"additional_kwargs":{"a":[${texts},NaN,-Infinity,Infinity,-0.0]}`))).toMatchObject({
      additional_kwargs: {
        a: ["\ufdd0", "\ufdd1", "\ufdd2", Number.NaN, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, -0],
      },
    });
  });
});
