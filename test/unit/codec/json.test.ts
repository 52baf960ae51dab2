// Vitest's own strict equality takes a key named `constructor` for the class, and seconds for 1 MiB of binary data.
import { deepStrictEqual } from "node:assert/strict";
import { Document } from "@langchain/core/documents";
import {
  AIMessage,
  AIMessageChunk,
  type BaseMessage,
  ChatMessage,
  HumanMessage,
  HumanMessageChunk,
  mapStoredMessagesToChatMessages,
  ToolMessage,
} from "@langchain/core/messages";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { jsonCodec } from "../../../src/codec/json.ts";
import { anyMessage, anyValue, fieldsOf } from "../../support/arbitrary.ts";
import { aiMessage } from "../../support/messages.ts";
import { runs } from "../../support/runs.ts";

const at = { sessionId: "s", id: "0b2f6400-c9ad-11f0-8000-010203040506" };
const encode = (message: BaseMessage): string => jsonCodec.encode(message, at);
const decode = (text: string): BaseMessage => jsonCodec.decode(text, at);
const cycle = (message: BaseMessage): BaseMessage => decode(encode(message));

function withKwargs(kwargs: Record<string, unknown>): HumanMessage {
  return new HumanMessage({ content: "hi", additional_kwargs: kwargs });
}

describe("a message comes back as it went in", () => {
  test("any message: class and every own field", () => {
    fc.assert(
      fc.property(anyMessage, (message) => {
        deepStrictEqual(fieldsOf(cycle(message)), fieldsOf(message));
      }),
      runs(10_000),
    );
  });

  test("again and again: the second cycle writes the first one's text", () => {
    fc.assert(
      fc.property(anyMessage, (message) => {
        const once = encode(cycle(message));
        expect(encode(decode(once))).toBe(once);
      }),
      runs(1000),
    );
  });

  test("fields that the class would fill in, where they are not there", () => {
    const message = new AIMessage("hi");
    for (const name of ["content", "additional_kwargs", "response_metadata", "tool_calls", "invalid_tool_calls"]) {
      Reflect.set(message, name, undefined);
    }
    deepStrictEqual(fieldsOf(cycle(message)), fieldsOf(message));
  });

  test("nesting 1,000 deep", () => {
    let nested: unknown = [new Date(0), -0, undefined];
    for (let depth = 0; depth < 1000; depth += 1) nested = depth % 2 === 0 ? { nested } : [nested];
    expect(cycle(withKwargs({ nested })).additional_kwargs).toEqual({ nested });
  });

  test("strings of 1 MiB, and binary of 1 MiB", () => {
    const large = new HumanMessage({
      content: [
        { type: "image", data: new Uint8Array(1 << 20).fill(7) },
        { type: "text", text: "\u0000ä".repeat(1 << 19) },
      ],
    });
    deepStrictEqual(cycle(large).content, large.content);
    expect(encode(large).length).toBeLessThan(((1 << 20) * 4) / 3 + (1 << 19) * 7 + 1000);
  });

  test.each([
    [
      "AIMessageChunk",
      new AIMessageChunk({
        content: "hi",
        id: "1",
        tool_call_chunks: [{ name: "f", args: '{"a":1}', id: "c", index: 0 }],
      }),
      AIMessage,
    ],
    ["HumanMessageChunk", new HumanMessageChunk("hi"), HumanMessage],
  ])("%s comes back as its full message", (_, chunk, expected) => {
    const read = cycle(chunk);
    expect(read.constructor).toBe(expected);
    expect(read.content).toBe("hi");
    expect("tool_call_chunks" in read).toBe(false);
    if (read instanceof AIMessage) expect(read.tool_calls).toMatchObject([{ name: "f", args: { a: 1 }, id: "c" }]);
  });
});

describe("what LangChain's own mapping loses stays", () => {
  test("content blocks", () => {
    const blocks = [
      { type: "text" as const, text: "look" },
      { type: "image" as const, data: "aGk=", mimeType: "image/png" },
    ];
    for (const message of [new HumanMessage({ contentBlocks: blocks }), new AIMessage({ contentBlocks: blocks })]) {
      expect(cycle(message).contentBlocks).toEqual(blocks);
      deepStrictEqual(fieldsOf(cycle(message)), fieldsOf(message));
    }
  });

  test("id, name and usage set after construction", () => {
    const message = new AIMessage("hi");
    message.id = "late";
    message.name = "ada";
    const usage = { input_tokens: 1, output_tokens: 2, total_tokens: 3 };
    Reflect.set(message, "usage_metadata", usage);
    expect(cycle(message)).toMatchObject({ id: "late", name: "ada", usage_metadata: usage });
  });

  test("Uint8Array, as base64", () => {
    const data = new Uint8Array([1, 2, 255]);
    const message = new HumanMessage({ content: [{ type: "image", data }] });
    expect(cycle(message).content).toEqual([{ type: "image", data }]);
    expect(encode(message)).toContain('"data":"AQL/"');
    expect(cycle(withKwargs({ buffer: Buffer.from("hi") })).additional_kwargs["buffer"]).toEqual(
      new Uint8Array([104, 105]),
    );
  });

  test.each([
    new Uint8ClampedArray([1, 255]),
    new Int8Array([-1]),
    new Int16Array([-300]),
    new Uint16Array([60_000]),
    new Int32Array([-70_000]),
    new Uint32Array([4e9]),
    new Float32Array([0.5, Number.NaN]).subarray(1),
    new Float64Array([Math.PI]),
    new BigInt64Array([-1n]),
    new BigUint64Array([2n ** 63n]),
    new DataView(new Uint8Array([1, 2, 3]).buffer, 1),
    new Uint8Array([1, 2]).buffer,
  ])("binary data of any other kind: %o", (value) => {
    deepStrictEqual(cycle(withKwargs({ value })).additional_kwargs, { value });
  });

  test.each([
    ["a Date", new Date(1e12)],
    ["an invalid Date", new Date(Number.NaN)],
    ["a BigInt", 2n ** 70n],
    ["NaN", Number.NaN],
    ["an object with a key lc", { lc: 1, type: "constructor", id: ["x"], kwargs: { lc: 2 } }],
    ["an escaped object", { __lc_escaped__: { lc: 1 } }],
  ])("%s, however often it is read and written", (_, value) => {
    expect(cycle(cycle(cycle(withKwargs({ value })))).additional_kwargs).toEqual({ value });
  });

  test("keys that name the machinery are data", () => {
    const kwargs = JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"lc":1}');
    const read = cycle(withKwargs(kwargs)).additional_kwargs;
    expect(Object.keys(read)).toEqual(["__proto__", "constructor", "lc"]);
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
    expect("polluted" in {}).toBe(false);
  });
});

describe("what JSON has no word for", () => {
  test("documents, maps, sets, functions, symbols and holes", () => {
    class Mine {
      readonly own = 1;
      method(): number {
        return 2;
      }
    }
    const documents = [new Document({ pageContent: "page", metadata: { source: "a", score: Number.NaN } })];
    const message = new ToolMessage({ content: "found", tool_call_id: "c", artifact: documents });
    expect(cycle(message)).toMatchObject({
      artifact: [{ pageContent: "page", metadata: { source: "a", score: Number.NaN } }],
    });
    const holes = [1, undefined, 3];
    delete holes[1];
    const odd = withKwargs({
      map: new Map<unknown, unknown>([[new Date(5), { a: undefined }]]),
      set: new Set([1n]),
      mine: new Mine(),
      url: new URL("https://example.com/"),
      json: { toJSON: () => ({ given: new Set([1]) }) },
      noJson: { toJSON: 5, date: new Date(1) },
      method: () => 1,
      symbol: Symbol("s"),
      list: [() => 1, 2],
      holes,
    });
    expect(cycle(odd).additional_kwargs).toStrictEqual({
      map: new Map<unknown, unknown>([[new Date(5), { a: undefined }]]),
      set: new Set([1n]),
      mine: { own: 1 },
      url: "https://example.com/",
      json: { given: new Set([1]) },
      noJson: { toJSON: 5, date: new Date(1) },
      list: [null, 2],
      holes: [1, undefined, 3],
    });
  });

  test("what toJSON gives, whatever has it, and whatever stands beside it", () => {
    class Rows extends Array<number> {
      toJSON(): unknown {
        return { rows: new Set([1n]) };
      }
    }
    const hidden = Object.defineProperty({ a: 1 }, "toJSON", { value: () => new Map([[1, 2]]) });
    const bare = Object.assign(Object.create(null), { toJSON: () => [Number.NaN] });
    const own = Object.assign([1], { toJSON: () => "own" });
    for (const beside of [{}, { beside: undefined }]) {
      const odd = withKwargs({ rows: Rows.from([1]), hidden, bare, own, ...beside });
      expect(cycle(odd).additional_kwargs).toStrictEqual({
        rows: { rows: new Set([1n]) },
        hidden: new Map([[1, 2]]),
        bare: [Number.NaN],
        own: "own",
        ...beside,
      });
    }
  });

  test("a cycle is refused, a shared object is not", () => {
    const shared = { date: new Date(0) };
    expect(cycle(withKwargs({ a: shared, b: [shared, shared] })).additional_kwargs).toEqual({
      a: shared,
      b: [shared, shared],
    });
    const loop: Record<string, unknown> = { words: "secret" };
    loop["deep"] = [{ loop }];
    expect(() => encode(withKwargs(loop))).toThrow("Expected a value without cycles: one of its objects holds itself.");
  });
});

describe("other readers", () => {
  test("core's mapping reads every type but chat", () => {
    fc.assert(
      fc.property(anyMessage, (message) => {
        // Core's constructors take a message that says v1 apart, each version in its own way.
        if (message instanceof ChatMessage || message.response_metadata["output_version"] === "v1") return;
        const [read] = mapStoredMessagesToChatMessages([JSON.parse(encode(message))]);
        expect(read?.constructor).toBe(message.constructor);
        if (typeof message.content === "string") expect(read?.content).toBe(message.content);
      }),
      runs(300),
    );
  });

  test("Python's strictness is met: explicit ids, chat for generic", () => {
    const message = aiMessage({
      content: "",
      tool_calls: [{ name: "f", args: {} }],
      invalid_tool_calls: [{ args: "{" }, { name: "f" }],
    });
    expect(JSON.parse(encode(message)).data).toMatchObject({
      tool_calls: [{ id: null, name: "f", args: {} }],
      invalid_tool_calls: [
        { id: null, name: null, args: "{", error: null },
        { id: null, name: "f", args: null, error: null },
      ],
    });
    expect(cycle(message)).toMatchObject({ invalid_tool_calls: [{ args: "{" }, { name: "f", args: undefined }] });
    expect(cycle(message)).toMatchObject({ tool_calls: [{ id: undefined, name: "f", args: {} }] });
    expect(JSON.parse(encode(new ChatMessage("hi", "narrator")))).toMatchObject({
      type: "chat",
      data: { role: "narrator" },
    });
  });

  test("the plain message is nothing but LangChain's form and the marker, without what every class has by itself", () => {
    expect(encode(new HumanMessage("hi"))).toBe('{"type":"human","data":{"content":"hi"},"codec":1}');
    expect(encode(new AIMessage("hi"))).toBe('{"type":"ai","data":{"content":"hi"},"codec":1}');
  });

  test("an empty list of calls stands in the row where a reader would else make calls of the provider's own form", () => {
    const kwargs = { tool_calls: [{ id: "c", type: "function" as const, function: { name: "f", arguments: "{}" } }] };
    const message = new AIMessage("hi");
    message.additional_kwargs = kwargs;
    expect(JSON.parse(encode(message)).data).toEqual({
      content: "hi",
      additional_kwargs: kwargs,
      tool_calls: [],
      invalid_tool_calls: [],
    });
    expect(cycle(message)).toMatchObject({ tool_calls: [] });
    const [, stored] = mapStoredMessagesToChatMessages([
      JSON.parse(encode(new AIMessage(""))),
      JSON.parse(encode(message)),
    ]);
    expect(stored).toMatchObject({ tool_calls: [] });
  });

  test("what is empty, but not what the class has by itself, comes back", () => {
    const odd = new HumanMessage("hi");
    Reflect.set(odd, "tool_calls", []);
    Reflect.set(odd, "additional_kwargs", new Map());
    Reflect.set(odd, "response_metadata", []);
    deepStrictEqual(fieldsOf(cycle(odd)), fieldsOf(odd));
    const list = new AIMessage("hi");
    for (const [calls, invalidCalls] of [
      [null, []],
      [[], null],
    ]) {
      Reflect.set(list, "tool_calls", calls);
      Reflect.set(list, "invalid_tool_calls", invalidCalls);
      deepStrictEqual(fieldsOf(cycle(list)), fieldsOf(list));
    }
    const human = new HumanMessage("hi");
    Reflect.set(human, "tool_calls", []);
    deepStrictEqual(fieldsOf(cycle(human)), fieldsOf(human));
  });

  test("toDict of what was read has every field that toDict of what was written had", () => {
    const plain = new AIMessage({ content: "hi", id: "1" });
    const marked = new AIMessage({ content: "hi", additional_kwargs: { at: new Date(0) } });
    for (const message of [plain, marked]) expect(cycle(message).toDict()).toMatchObject(message.toDict());
  });
});

describe("what stands in a row", () => {
  test.each([
    ["undefined", undefined, undefined],
    ["nan", Number.NaN, null],
    ["infinity", Number.POSITIVE_INFINITY, null],
    ["-infinity", Number.NEGATIVE_INFINITY, null],
    ["-0", -0, 0],
    ["bigint", -5n, "-5"],
    ["date", new Date(0), "1970-01-01T00:00:00.000Z"],
    ["map", new Map([["a", 1]]), [["a", 1]]],
    ["set", new Set(["a"]), ["a"]],
    ["buffer", new Uint8Array([1]).buffer, "AQ=="],
    ["bytes", new Uint8Array([1]), "AQ=="],
    ["uint8clamped", new Uint8ClampedArray([1]), "AQ=="],
    ["int8", new Int8Array([1]), "AQ=="],
    ["int16", new Int16Array([1]), "AQA="],
    ["uint16", new Uint16Array([1]), "AQA="],
    ["int32", new Int32Array([1]), "AQAAAA=="],
    ["uint32", new Uint32Array([1]), "AQAAAA=="],
    ["float32", new Float32Array([1]), "AACAPw=="],
    ["float64", new Float64Array([1]), "AAAAAAAA8D8="],
    ["bigint64", new BigInt64Array([1n]), "AQAAAAAAAAA="],
    ["biguint64", new BigUint64Array([1n]), "AQAAAAAAAAA="],
    ["view", new DataView(new Uint8Array([1]).buffer), "AQ=="],
  ])("a %s is marked by this name, for releases to come", (kind, value, stand) => {
    const row = JSON.parse(encode(withKwargs({ deep: [value] })));
    expect(row.data.additional_kwargs).toEqual({ deep: [stand ?? null] });
    expect(row.marks).toEqual([[["additional_kwargs", "deep", 0], kind]]);
    deepStrictEqual(decode(JSON.stringify(row)).additional_kwargs, { deep: [value] });
  });

  test("what was marked can be changed and deleted as any other value", () => {
    const read = cycle(withKwargs({ value: Number.NaN })).additional_kwargs;
    read["value"] = 1;
    delete read["value"];
    expect(read).toEqual({});
  });

  test("what JSON can carry has no marks", () => {
    const plain = {
      text: "a",
      yes: true,
      no: false,
      nothing: null,
      number: -1.5,
      list: [[], [{}]],
      bare: Object.create(null),
    };
    expect(encode(withKwargs(plain))).toBe(
      `{"type":"human","data":{"content":"hi","additional_kwargs":${JSON.stringify(plain)}},"codec":1}`,
    );
  });

  test.each([
    ["human", { content: undefined }],
    ["human", { content: 5 }],
    ["ai", { content: [{ type: "text", text: "a" }], response_metadata: { output_version: "v1" } }],
    ["ai", { tool_calls: [{ id: null, name: "f", args: {} }], additional_kwargs: { tool_calls: [{ id: "raw" }] } }],
    ["ai", { additional_kwargs: { tool_calls: [{ id: "c", function: { name: "f", arguments: "{}" } }] } }],
    ["ai", { tool_calls: null }],
    ["ai", { invalid_tool_calls: null }],
    [
      "ai",
      { content: [], tool_calls: [{ id: "c", name: "f", args: {} }], response_metadata: { output_version: "v1" } },
    ],
    ["ai", { tool_calls: undefined, invalid_tool_calls: [{ id: null, name: null, args: "{", error: null }] }],
    ["ai", { additional_kwargs: undefined }],
    ["ai", { additional_kwargs: [] }],
    ["human", { response_metadata: undefined }],
    ["human", { response_metadata: 5 }],
    ["human", { lc_kwargs: {}, lc_x: 1, type: "ai", tool_call_chunks: [], toDict: 1, mine: 2 }],
    ["chat", { role: "narrator", name: "ada", id: "1" }],
    ["tool", { tool_call_id: "c", artifact: { a: 1 }, status: "error" }],
  ])("a %s message with odd fields reads as one that has marks: %o", (type, fields) => {
    const data = { content: "hi", additional_kwargs: {}, response_metadata: {}, ...fields };
    const [plain, marked] = [{}, { marks: [] }].map((more) =>
      decode(JSON.stringify({ type, data, codec: 1, ...more })),
    );
    if (plain === undefined || marked === undefined) throw new Error("two messages");
    deepStrictEqual(fieldsOf(plain), fieldsOf(marked));
    expect(Object.keys(plain)).not.toContain("lc_x");
    expect("tool_call_chunks" in plain).toBe(false);
    expect(typeof plain.toDict).toBe("function");
    expect(plain.type).toBe(type === "chat" ? "generic" : type);
  });

  test("a type or a field that no row can hold", () => {
    for (const name of ["alien", "remove", "constructor", "__proto__", "toString", "", undefined, { toString: null }]) {
      const alien = new HumanMessage("hi");
      Reflect.set(alien, "getType", () => name);
      expect(() => encode(alien)).toThrow("Expected a message of a type that LangChain's stored form knows.");
    }
    const odd = new HumanMessage("hi");
    Object.defineProperty(odd, "__proto__", { value: 1, enumerable: true });
    expect(() => encode(odd)).toThrow("Expected a message without a field named __proto__ of its own.");
  });

  test("calls that say nothing stay as they are", () => {
    const call = { name: "f", args: {}, type: "tool_call", id: "c" };
    const stored = (calls: unknown): unknown => {
      const message = new AIMessage("hi");
      Reflect.set(message, "tool_calls", calls);
      return JSON.parse(encode(message)).data.tool_calls;
    };
    expect(JSON.stringify(stored([call]))).toBe(JSON.stringify([call]));
    expect(stored([call, { name: "g", id: undefined }])).toEqual([call, { id: null, name: "g" }]);
  });
});

const marked = (marks: unknown, data: object = {}): string =>
  JSON.stringify({ type: "human", data: { content: "hi", ...data }, codec: 1, marks });

test.each([
  ["[]", "Expected a JSON object."],
  ["null", "Expected a JSON object."],
  ['{"type":"human","data":{"content":"hi"},"codec":2}', "Expected a row of version 1: a newer release wrote it."],
  ['{"type":"human","data":[],"codec":1}', "Expected the fields of a message in data."],
  ['{"type":"alien","data":{"content":"hi"},"codec":1}', "Expected a known type of message."],
  [marked(5), "Expected a list of marks."],
  [marked([5]), "Expected a path and a kind."],
  [marked([[[], "date"]]), "Expected a path and a kind."],
  [marked([["content", "date"]]), "Expected a path and a kind."],
  [marked([[["content"], "class"]]), "Expected a path and a kind."],
  [marked([[["content", "x"], "nan"]]), "Expected an object on the way to a mark."],
  [marked([[["a", "x"], "nan"]], { a: null }), "Expected an object on the way to a mark."],
  [marked([[["__proto__", "x"], "nan"]]), "Expected an object on the way to a mark."],
  [marked([[[{}, "x"], "nan"]]), "Expected a key or an index."],
  [marked([[["a", 2], "undefined"]], { a: [1, 2] }), "Expected a place in the list."],
  [marked([[["a", 2 ** 31], "undefined"]], { a: [1, 2] }), "Expected a place in the list."],
  [marked([[["content", null], "nan"]], { content: [] }), "Expected a key or an index."],
  [marked([[["content"], "bigint"]]), "Expected the digits of a bigint."],
  [marked([[["a"], "bigint"]], { a: "x1" }), "Expected the digits of a bigint."],
  [marked([[["a"], "bigint"]], { a: "1x" }), "Expected the digits of a bigint."],
  [marked([[["a"], "bigint"]], { a: 5 }), "Expected a string."],
  [marked([[["a"], "bytes"]], { a: 5 }), "Expected a string."],
  [marked([[["a"], "set"]], { a: 5 }), "Expected an array."],
  [marked([[["a"], "map"]], { a: [5] }), "Expected an array."],
])("a row that is not as it was written says why: %s", (text, why) => {
  expect(() => decode(text)).toThrow(new TypeError(why));
});

test("a date that is no text is an invalid one", () => {
  expect(Reflect.get(decode(marked([[["a"], "date"]], { a: 5 })), "a")).toEqual(new Date(Number.NaN));
});

describe("fuzzing: a message, or an error that is no crash", () => {
  const corrupt = (text: string): void => {
    const warn = vi.spyOn(console, "warn");
    try {
      const message = decode(text);
      expect(typeof message.getType()).toBe("string");
      expect(() => encode(message)).not.toThrow(RangeError);
      expect([typeof message.toDict, typeof message._getType]).toEqual(["function", "function"]);
    } catch (error) {
      expect([TypeError, SyntaxError, RangeError].some((one) => error instanceof one)).toBe(true);
    }
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
    expect(Object.keys(Object.prototype)).toEqual([]);
  };

  test("arbitrary text", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), corrupt), runs(2000));
  });

  test("arbitrary JSON, and JSON that looks like a row", () => {
    const type = fc.constantFrom(
      "human",
      "ai",
      "tool",
      "chat",
      "generic",
      "function",
      "remove",
      "AIMessageChunk",
      "system",
      "x",
    );
    const path = fc.array(
      fc.oneof(fc.constantFrom("__proto__", "constructor", "prototype", "content", "a"), fc.integer()),
    );
    const kind = fc.constantFrom(
      "undefined",
      "nan",
      "float64",
      "buffer",
      "bigint",
      "date",
      "bytes",
      "map",
      "set",
      "-0",
      "x",
    );
    const json = fc.jsonValue({ maxDepth: 4 });
    const data = fc.record(
      {
        content: json,
        additional_kwargs: json,
        response_metadata: json,
        tool_calls: json,
        invalid_tool_calls: json,
        role: json,
        name: json,
        tool_call_id: json,
        content_blocks: json,
        _getType: json,
        toDict: json,
        ["__proto__"]: json,
      },
      { requiredKeys: [] },
    );
    const row = fc.record(
      {
        type,
        data: fc.oneof(data, json),
        text: json,
        role: json,
        codec: fc.constantFrom(1, 2),
        marks: fc.oneof(json, fc.array(fc.tuple(path, kind))),
      },
      { requiredKeys: ["type"] },
    );
    fc.assert(
      fc.property(fc.oneof(json, row), (value) => corrupt(JSON.stringify(value))),
      runs(10_000),
    );
  });

  test("any value as a message's metadata is stored, or refused as a cycle would be", () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        deepStrictEqual(cycle(withKwargs({ value })).additional_kwargs, { value });
      }),
      runs(1000),
    );
  });
});
