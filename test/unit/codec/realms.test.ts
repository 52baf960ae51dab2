import { deepStrictEqual } from "node:assert/strict";
import { runInNewContext } from "node:vm";
import { AIMessage, type BaseMessage, HumanMessage, ToolMessage } from "@langchain/core/messages";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { jsonCodec } from "../../../src/codec/json.ts";
import { runs } from "../../support/runs.ts";

const at = { sessionId: "s", id: "0b2f6400-c9ad-11f0-8000-010203040506" };
const cycle = (message: BaseMessage): BaseMessage => jsonCodec.decode(jsonCodec.encode(message, at), at);
const artifactOf = (artifact: unknown): unknown => {
  const read: BaseMessage & { artifact?: unknown } = cycle(
    new ToolMessage({ content: "x", tool_call_id: "1", artifact }),
  );
  return read.artifact;
};

const leaves = [
  "new Map([['a', 1], [new Date(5), new Set([1n])]])",
  "new Set(['a', NaN, undefined])",
  "new Date(0)",
  "new Uint8Array([1, 2, 255]).buffer",
  "new Uint8Array([1, 2, 255]).subarray(1)",
  "new Uint8ClampedArray([1, 255])",
  "new Int8Array([-1])",
  "new Int16Array([-300])",
  "new Uint16Array([60000])",
  "new Int32Array([-70000])",
  "new Uint32Array([4e9])",
  "new Float32Array([0.5])",
  "new Float64Array([Math.PI])",
  "new BigInt64Array([-1n])",
  "new BigUint64Array([2n ** 63n])",
  "new DataView(new Uint8Array([1, 2, 3]).buffer, 1)",
  "[1, , 3]",
  "({ __proto__: null, a: -0 })",
  "/x/",
  "new Error('x')",
  "new (class extends Map {})([[1, 2]])",
  "new (class extends Date {})(7)",
  "new (class extends Uint8Array {})([7])",
  "({ toJSON: () => new Set([1]) })",
];

describe("values of another realm come back as this realm's own", () => {
  const own = (code: string): unknown => new Function(`return ${code}`)();

  test.each(leaves)("%s", (code) => {
    deepStrictEqual(artifactOf(runInNewContext(code)), artifactOf(own(code)));
  });

  test("at any depth, in any place", () => {
    const tree = fc.letrec<{ code: string }>((tie) => ({
      code: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom(...leaves, "1", "'a'", "null"),
        fc.array(tie("code"), { maxLength: 3 }).map((all) => `[${all.join(", ")}]`),
        fc
          .array(tie("code"), { maxLength: 3 })
          .map((all) => `({${all.map((one, key) => `k${key}: ${one}`).join(", ")}})`),
        fc.tuple(tie("code"), tie("code")).map(([key, one]) => `new Map([[${key}, ${one}]])`),
        tie("code").map((one) => `new Set([${one}])`),
      ),
    })).code;
    const place = fc.constantFrom(
      "content",
      "additional_kwargs",
      "response_metadata",
      "artifact",
      "tool_calls",
      "mine",
    );
    fc.assert(
      fc.property(tree, place, (code, key) => {
        const [there, here] = [runInNewContext(code), own(code)].map((value) => {
          const message = new AIMessage("x");
          Reflect.set(message, key, key === "tool_calls" ? [{ name: "f", args: { value } }] : { value });
          return Reflect.get(cycle(message), key);
        });
        deepStrictEqual(there, here);
      }),
      runs(500),
    );
  });

  test.each(["new Map([['a', 1]])", "new Set(['a', NaN])"])("proxies: %s", (code) => {
    // As frameworks make them of what they watch: the methods work on the object behind.
    const watch = (behind: object): object =>
      new Proxy(behind, {
        get: (target, key) => {
          const value = Reflect.get(target, key);
          return typeof value === "function" ? value.bind(target) : value;
        },
      });
    for (const value of [runInNewContext(code), own(code)]) {
      deepStrictEqual(artifactOf([watch(value)]), [own(code)]);
      expect(() => artifactOf([new Proxy(value, {})])).toThrow("incompatible receiver");
    }
  });

  test("what JSON can carry has no marks", () => {
    const additional_kwargs = runInNewContext("({ a: [{ b: 'c' }, [1]], d: { e: null } })");
    const text = jsonCodec.encode(new HumanMessage({ content: "x", additional_kwargs }), at);
    expect(text).toBe(
      '{"type":"human","data":{"content":"x","additional_kwargs":{"a":[{"b":"c"},[1]],"d":{"e":null}}},"codec":1}',
    );
  });
});

describe("memory that threads share", () => {
  const shared = new SharedArrayBuffer(8);
  new Uint8Array(shared).set([1, 2, 3, 4, 5, 6, 7, 8]);

  test.each([
    ["the memory itself", shared, new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]).buffer],
    ["a Buffer over it", Buffer.from(shared, 1, 2), new Uint8Array([2, 3])],
    ["bytes", new Uint8Array(shared, 2, 3), new Uint8Array([3, 4, 5])],
    ["numbers", new Uint16Array(shared, 4), new Uint16Array(new Uint8Array([5, 6, 7, 8]).buffer)],
    ["a view", new DataView(shared, 6), new DataView(new Uint8Array([7, 8]).buffer)],
  ])("%s: the bytes are kept", (_, value, expected) => {
    deepStrictEqual(artifactOf([value]), [expected]);
  });

  test("of another realm", () => {
    const code = "const s = new SharedArrayBuffer(2); new Uint8Array(s).set([7, 8]); [s, new Uint8Array(s)]";
    deepStrictEqual(artifactOf(runInNewContext(code, { SharedArrayBuffer })), [
      new Uint8Array([7, 8]).buffer,
      new Uint8Array([7, 8]),
    ]);
  });
});

describe("what only looks like another class", () => {
  test("a tag, a constructor or a prototype makes no Map of an object", () => {
    const tagged = { [Symbol.toStringTag]: "Map", size: 1 };
    const named = { constructor: { name: "Date" } };
    deepStrictEqual(artifactOf({ tagged, named }), { tagged: { size: 1 }, named });
  });

  test("a tag hides no Map, no Date and no bytes", () => {
    const hidden = [new Map([[1, 2]]), new Set([1]), new Date(0), new Uint8Array([1])].map((value) =>
      Object.defineProperty(value, Symbol.toStringTag, { value: "Object" }),
    );
    const read = artifactOf(hidden);
    deepStrictEqual(read, [new Map([[1, 2]]), new Set([1]), new Date(0), new Uint8Array([1])]);
  });

  test("a date's methods that lie, or throw, change nothing of its time", () => {
    const date = Object.assign(new Date(5), {
      toJSON: () => "1999",
      toISOString: () => {
        throw new Error("secret text");
      },
      getTime: () => 1,
      valueOf: () => 2,
    });
    deepStrictEqual(artifactOf([date]), [new Date(5)]);
  });
});
