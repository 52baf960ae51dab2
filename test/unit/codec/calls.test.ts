import { AIMessage, type BaseMessage, HumanMessage } from "@langchain/core/messages";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { jsonCodec } from "../../../src/codec/json.ts";
import { windowLength } from "../../../src/history/window.ts";
import { runs } from "../../support/runs.ts";

const at = { sessionId: "s", id: "0b2f6400-c9ad-11f0-8000-010203040506" };
const encode = (message: BaseMessage): string => jsonCodec.encode(message, at);
const decode = (text: string): BaseMessage => jsonCodec.decode(text, at);

const holes: unknown[] = [];
holes.length = 2;
const odd: [string, unknown][] = [
  ["null among them", [null]],
  ["undefined among them", [{}, undefined]],
  ["holes", holes],
  ["a text among them", [{ id: "c" }, "x"]],
  ["a number among them", [5]],
  ["a list among them", [[]]],
  ["a function among them", [() => ({})]],
  ["one that becomes null", [{ toJSON: () => null }]],
  ["a date among them", [new Date(0)]],
  ["a text", "none"],
  ["an empty text", ""],
  ["an object", {}],
  ["a map", new Map()],
  ["a number", 0],
  ["false", false],
];

describe.each(["tool_calls", "invalid_tool_calls"])("%s that is no list of objects", (key) => {
  test.each(odd)("is refused where it is written: %s", (_, calls) => {
    for (const message of [new AIMessage("x"), new HumanMessage("x")]) {
      Reflect.set(message, key, calls);
      expect(() => encode(message)).toThrow(new TypeError(`Expected ${key} to be a list of objects.`));
    }
  });

  test.each([[[null]], [["x"]], [[{}, 5]], [[[]]], ["none"], [{}], [5], [false]])(
    "makes a row of any writer corrupt: %o",
    (calls) => {
      for (const own of [{}, { codec: 1 }, { codec: 1, marks: [] }]) {
        const row = JSON.stringify({ type: "ai", data: { content: "x", [key]: calls }, ...own });
        expect(() => decode(row)).toThrow(new TypeError(`Expected ${key} to be a list of objects.`));
      }
    },
  );

  test("is not looked at twice: a list that changes as it is read", () => {
    let looks = 0;
    const calls = new Proxy([{ id: "c" }], {
      get: (target, name) => {
        if (name === "0") looks += 1;
        return name === "0" && looks > 1 ? null : Reflect.get(target, name);
      },
    });
    const message = new AIMessage("x");
    Reflect.set(message, key, calls);
    expect(decode(encode(message))).toMatchObject({ [key]: [{ id: "c" }] });
  });

  test("nothing and null are no list, and come back", () => {
    for (const none of [null, undefined]) {
      const message = new AIMessage("x");
      Reflect.set(message, key, none);
      const read = decode(encode(message));
      expect(Reflect.get(read, key)).toBe(none);
      expect(read.text).toBe("x");
    }
  });
});

/** JSON leaves out a field that is undefined. It comes back as the last one of its object, and so does its mark. */
function withMarksInOrder(text: string): unknown {
  const { marks = [], ...row } = JSON.parse(text);
  return { ...row, marks: marks.map((mark: unknown) => JSON.stringify(mark)).sort() };
}

test("a message with calls of any shape is refused, or works once it is read", () => {
  const calls = fc.oneof(fc.anything(), fc.array(fc.anything(), { maxLength: 3 }));
  fc.assert(
    fc.property(calls, calls, (valid, invalid) => {
      const message = new AIMessage("x");
      Reflect.set(message, "tool_calls", valid);
      Reflect.set(message, "invalid_tool_calls", invalid);
      let text: string;
      try {
        text = encode(message);
      } catch (error) {
        expect(error).toBeInstanceOf(TypeError);
        return;
      }
      const read = decode(text);
      expect(read.text).toBe("x");
      expect(windowLength([read], 1, { complete: true, start: "any" })).toBe(1);
      expect(withMarksInOrder(encode(read))).toEqual(withMarksInOrder(text));
    }),
    runs(2000),
  );
});

test.each<[string, object]>([
  ["an id that its class has", Object.create({ id: "c" }, Object.getOwnPropertyDescriptors({ name: "f", args: {} }))],
  ["a symbol as its id", { name: "f", args: {}, id: Symbol("c") }],
  ["a function as its id", { name: "f", args: {}, id: () => "c" }],
])("a call always has an id in the row: %s", (_, call) => {
  const text = encode(Object.assign(new AIMessage("x"), { tool_calls: [call], invalid_tool_calls: [call] }));
  expect(JSON.parse(text).data).toMatchObject({
    tool_calls: [{ name: "f", args: {}, id: null }],
    invalid_tool_calls: [{ name: "f", args: {}, id: null, error: null }],
  });
});

test("a spy on a method is no field", () => {
  const message = Object.assign(new HumanMessage("x"), { toJSON: () => null, toDict: () => "spied" });
  expect(encode(message)).toBe('{"type":"human","data":{"content":"x"},"codec":1}');
});

describe("calls in a provider's own form", () => {
  const read = (calls: unknown): BaseMessage =>
    decode(JSON.stringify({ type: "ai", data: { content: "", additional_kwargs: { tool_calls: calls } } }));

  test.each([[[]], [{}]])("whose arguments are no text make a corrupt row: %o", (given) => {
    expect(() => read([{ function: { arguments: given } }])).toThrow(
      new TypeError("Expected the arguments of a call to be a text."),
    );
  });

  test.each([
    [5, 5],
    [null, {}],
  ])("whose arguments are %o are read as core reads them", (given, args) => {
    expect(read([{ id: "c", function: { name: "f", arguments: given } }])).toMatchObject({
      tool_calls: [{ id: "c", name: "f", args }],
    });
  });

  test("that are more than any model makes, or too long, make a corrupt row", () => {
    const call = { function: { name: "f", arguments: "{" } };
    expect(read(Array(10_000).fill(call))).toMatchObject({ tool_calls: [] });
    expect(() => read(Array(10_001).fill(call))).toThrow("Expected at most 10000 calls in the provider's own form.");
    const half = { function: { name: "f", arguments: `"${"x".repeat((1 << 19) - 2)}"` } };
    expect(read([half, half])).toMatchObject({ invalid_tool_calls: [] });
    expect(() => read([half, half, call])).toThrow("Expected shorter arguments of calls in the provider's own form.");
  });
});
