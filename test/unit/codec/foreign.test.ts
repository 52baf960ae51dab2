import {
  AIMessage,
  type BaseMessage,
  ChatMessage,
  FunctionMessage,
  HumanMessage,
  mapChatMessagesToStoredMessages,
  RemoveMessage,
  SystemMessage,
  ToolMessage,
} from "@langchain/core/messages";
import { describe, expect, test, vi } from "vitest";
import { jsonCodec } from "../../../src/codec/json.ts";
import { fieldsOf } from "../../support/arbitrary.ts";
import { cpuOfParses, MOST_PARSES } from "../../support/cpu.ts";
import { aiMessage } from "../../support/messages.ts";

const read = (row: unknown): BaseMessage => {
  const text = typeof row === "string" ? row : JSON.stringify(row);
  return jsonCodec.decode(text, { sessionId: "s", id: "0b2f6400-c9ad-11f0-8000-010203040506" });
};
const python = { additional_kwargs: {}, response_metadata: {}, name: null, id: null };

describe("rows of LangChain.js", () => {
  const messages: BaseMessage[] = [
    new HumanMessage({ content: "hi", id: "1", name: "ada" }),
    aiMessage({
      content: [{ type: "text", text: "x" }],
      tool_calls: [{ id: "c", name: "f", args: { a: { lc: 1 } }, type: "tool_call" }],
    }),
    new SystemMessage("s"),
    new ToolMessage({ content: "r", tool_call_id: "c", artifact: { n: 1 }, status: "error" }),
    new FunctionMessage({ content: "r", name: "f" }),
    new ChatMessage("hi", "narrator"),
    new HumanMessage({ contentBlocks: [{ type: "text", text: "block" }] }),
    new AIMessage({ contentBlocks: [{ type: "text", text: "block" }] }),
  ];

  test.each(messages.map((message) => [message.type, message] as const))("%s", (_, message) => {
    const [stored] = mapChatMessagesToStoredMessages([message]);
    expect(fieldsOf(read(stored))).toEqual(fieldsOf(message));
  });

  test("of the older form", () => {
    expect(read({ type: "human", role: undefined, text: "hi" })).toMatchObject({ type: "human", content: "hi" });
    expect(read({ type: "generic", role: "narrator", text: "hi" })).toMatchObject({ role: "narrator", content: "hi" });
  });

  test("calls in the provider's form only are parsed, without a word on the console", () => {
    const warn = vi.spyOn(console, "warn");
    const tool_calls = [
      { id: "c", function: { name: "f", arguments: '{"a":1}' } },
      { function: { name: "g", arguments: "{" } },
    ];
    const message = read({ type: "ai", data: { content: "", additional_kwargs: { tool_calls } } });
    expect(message).toMatchObject({
      tool_calls: [{ id: "c", name: "f", args: { a: 1 } }],
      invalid_tool_calls: [{ name: "g" }],
    });
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  });
});

describe("rows of LangChain's Python", () => {
  test.each([
    ["human", { type: "human", data: { content: "hi", ...python, type: "human" } }, new HumanMessage("hi")],
    [
      "ai",
      {
        type: "ai",
        data: { content: "hi", ...python, type: "ai", tool_calls: [], invalid_tool_calls: [], usage_metadata: null },
      },
      new AIMessage("hi"),
    ],
    [
      "AIMessageChunk",
      {
        type: "AIMessageChunk",
        data: {
          content: "hi",
          ...python,
          type: "AIMessageChunk",
          tool_calls: [],
          invalid_tool_calls: [],
          usage_metadata: null,
          tool_call_chunks: [],
          chunk_position: null,
        },
      },
      new AIMessage("hi"),
    ],
    [
      "chat",
      { type: "chat", data: { content: "hi", ...python, type: "chat", role: "narrator" } },
      new ChatMessage("hi", "narrator"),
    ],
    [
      "tool",
      {
        type: "tool",
        data: { content: "r", ...python, type: "tool", tool_call_id: "c", artifact: null, status: "success" },
      },
      new ToolMessage({ content: "r", tool_call_id: "c", status: "success" }),
    ],
    [
      "function",
      { type: "function", data: { content: "r", ...python, name: "f", type: "function" } },
      new FunctionMessage({ content: "r", name: "f" }),
    ],
    [
      "remove",
      { type: "remove", data: { content: "", ...python, id: "m1", type: "remove" } },
      new RemoveMessage({ id: "m1" }),
    ],
  ])("%s", (type, row, expected) => {
    const message = read(row);
    expect(message.constructor).toBe(expected.constructor);
    expect(fieldsOf(message).fields).toEqual({
      ...fieldsOf(expected).fields,
      content: type === "remove" ? "" : expected.content,
    });
  });

  test("calls without an id", () => {
    const calls = {
      tool_calls: [{ name: "f", args: {}, id: null, type: "tool_call" }],
      invalid_tool_calls: [{ name: null, args: "{", id: null, error: null }],
    };
    expect(read({ type: "ai", data: { content: "", ...python, ...calls } })).toMatchObject({
      tool_calls: [{ name: "f", args: {}, id: undefined }],
      invalid_tool_calls: [{ name: undefined, args: "{", id: undefined, error: undefined }],
    });
  });

  test("the bare words for numbers, but not inside strings", () => {
    const text =
      '{"type": "tool", "data": {"content": "NaN, \\"Infinity\\" and -Infinity", "tool_call_id": "c", "artifact": [NaN, Infinity, -Infinity, {"number": NaN}, "NaN", null]}}';
    expect(read(text)).toMatchObject({
      content: 'NaN, "Infinity" and -Infinity',
      artifact: [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, { number: Number.NaN }, "NaN", null],
    });
  });
});

test.each([
  ["an unterminated string", `NaN"${'\\"'.repeat(500_000)}`],
  ["a long run of what might be a key", `{"a": NaN, "b": "number${"_".repeat(500_000)}"`],
])("a large corrupt row with a bare NaN is told in no time: %s", async (_, text) => {
  const { parses } = await cpuOfParses(() => expect(() => read(text)).toThrow(SyntaxError));
  expect(parses).toBeLessThan(MOST_PARSES);
});

describe("a bare word beside strings with escapes", () => {
  test.each<[string, unknown]>([
    ['{"a": NaN, "b\\"": "\\\\", "c": "x\\"NaN"}', { a: Number.NaN, 'b"': "\\", c: 'x"NaN' }],
    ['{"a":[-Infinity,Infinity],"b":"\\\\\\n"}', { a: [-Infinity, Infinity], b: "\\\n" }],
    ['{"NaN": NaN, "-Infinity": 1}', { NaN: Number.NaN, "-Infinity": 1 }],
  ])("%s", (kwargs, expected) => {
    const message = read(`{"type": "human", "data": {"content": "hi", "additional_kwargs": ${kwargs}}}`);
    expect(message.additional_kwargs).toEqual(expected);
  });

  test.each(["xNaN", "NaNx", "Infinityx", "xInfinity", "_Infinity", "--Infinity", "nan", 'NaN, "open'])(
    "no word: %s",
    (word) => {
      expect(() => read(`{"type": "human", "data": {"content": "hi", "a": ${word}}}`)).toThrow(SyntaxError);
    },
  );
});

describe("what core's own mapping would give", () => {
  const human = (data: object): BaseMessage => read({ type: "human", data });

  test("containers where there are none, nothing where there is null", () => {
    const message = human({ content: null, additional_kwargs: null, response_metadata: null, name: null });
    expect(message).toMatchObject({ content: [], additional_kwargs: {}, response_metadata: {}, name: undefined });
  });

  test("a field named __proto__ is none, at the top; what a call is given keeps its own", () => {
    const args = JSON.parse('{"__proto__":{"deep":{"__lc_escaped__":{"lc":1}}}}');
    const data = { content: "hi", tool_calls: [{ id: "c1", name: "look", args, type: "tool_call" }] };
    const text = JSON.stringify({ type: "ai", data }).replace('"data":{', '"data":{"__proto__":{"name":"eve"},');
    const message = read(text);
    expect([message.name, Object.getPrototypeOf(message)]).toEqual([undefined, AIMessage.prototype]);
    expect(JSON.stringify(Reflect.get(message, "tool_calls")[0].args)).toBe('{"__proto__":{"deep":{"lc":1}}}');
  });

  test.each([{}, { codec: 1 }])("what a class makes of its content is no field of a row: %o", (own) => {
    const block = { type: "tool_call", id: "c1", name: "look", args: {} };
    for (const contentBlocks of [[block], [null], 5]) {
      const message = read({ type: "ai", data: { content: "hi", contentBlocks }, ...own });
      expect(message).toMatchObject({ content: "hi", tool_calls: [], response_metadata: {} });
    }
    expect(read({ type: "human", data: { content: [null], text: "x" }, ...own }).content).toEqual([null]);
  });

  test("content blocks are content only where there is no other", () => {
    const blocks = [{ type: "text", text: "block" }];
    expect(human({ content_blocks: blocks }).content).toEqual(blocks);
    expect(human({ content: "hi", content_blocks: blocks }).content).toBe("hi");
    expect(Object.keys(human({ content_blocks: blocks }))).not.toContain("content_blocks");
  });

  test("an escape is one key alone, at any depth, and undone once", () => {
    const escaped = { __lc_escaped__: { __lc_escaped__: 1 } };
    expect(
      human({ content: "hi", additional_kwargs: { a: [escaped, null, "x"], b: { ...escaped, c: 1 } } }),
    ).toMatchObject({
      additional_kwargs: { a: [{ __lc_escaped__: 1 }, null, "x"], b: { __lc_escaped__: 1, c: 1 } },
    });
    expect(human({ content: "hi", additional_kwargs: { a: { other: 1 } } }).additional_kwargs).toEqual({
      a: { other: 1 },
    });
  });

  test("calls in the provider's form are left where the message has its own, or is none of a model", () => {
    const tool_calls = [{ id: "raw", function: { name: "f", arguments: "{}" } }];
    const data = { content: "", additional_kwargs: { tool_calls } };
    const own = { ...data, tool_calls: [{ id: "own", name: "g", args: {} }] };
    for (const type of ["ai", "AIMessageChunk"]) {
      expect(read({ type, data })).toMatchObject({ tool_calls: [{ id: "raw", name: "f" }], invalid_tool_calls: [] });
      expect(read({ type, data: own })).toMatchObject({ tool_calls: [{ id: "own" }], invalid_tool_calls: [] });
    }
    for (const type of ["human", "ai"]) {
      const message = read({ type, data: { content: "", additional_kwargs: { tool_calls: 5 } } });
      expect(Reflect.get(message, "tool_calls")).toEqual(type === "ai" ? [] : undefined);
    }
    expect("tool_calls" in read({ type: "human", data })).toBe(false);
    const odd = { content: "", additional_kwargs: { tool_calls: [5, null, ...tool_calls] } };
    expect(read({ type: "ai", data: odd })).toMatchObject({ tool_calls: [{ id: "raw" }] });
  });
});

test.each([
  [{ type: "human", data: [] }, "Expected the fields of a message in data."],
  [{ type: "human", data: null }, "Expected the fields of a message in data."],
  [{ type: "human" }, "Expected the fields of a message in data."],
  [{ type: "human", role: "user" }, "Expected the fields of a message in data."],
  [{ type: "ai", text: null }, "Expected the fields of a message in data."],
  [{ type: "ai", text: ["x"] }, "Expected the fields of a message in data."],
  [{ type: "human", data: "x", text: "x" }, "Expected the fields of a message in data."],
  [{ type: "human", data: null, text: "x" }, "Expected the fields of a message in data."],
  [{ type: "human", codec: 1 }, "Expected the fields of a message in data."],
  [{ type: "human", codec: 1, data: null }, "Expected the fields of a message in data."],
  [{ type: "human", codec: 1, data: 5, marks: [] }, "Expected the fields of a message in data."],
  [{ type: "human", data: { content: 5 } }, "Expected content to be a string or a list of blocks."],
  [{ type: "human", data: { content: "", additional_kwargs: [] } }, "Expected an object."],
  [{ type: "human", data: { content: "", response_metadata: 5 } }, "Expected an object."],
  [{ type: "tool", data: { content: "" } }, "Expected tool_call_id in a tool message."],
  [{ type: "function", data: { content: "", name: 5 } }, "Expected name in a function message."],
  [{ type: "generic", text: "" }, "Expected role in a generic message."],
  [{ type: "chat", data: { content: "" } }, "Expected role in a chat message."],
  [{ type: "ai", data: { content: "", tool_calls: 5 } }, "Expected tool_calls to be a list of objects."],
  [{ type: "ai", data: { content: "", tool_calls: [5, {}] } }, "Expected tool_calls to be a list of objects."],
  [
    { type: "ai", data: { content: "", invalid_tool_calls: [5] } },
    "Expected invalid_tool_calls to be a list of objects.",
  ],
  [{ type: "xai", data: { content: "" } }, "Expected a known type of message."],
])("a row that is no message says why: %o", (row, why) => {
  expect(() => read(row)).toThrow(new TypeError(why));
});

test.each(["HumanMessageChunk", "SystemMessageChunk", "ToolMessageChunk", "FunctionMessageChunk", "ChatMessageChunk"])(
  "%s reads as its full message",
  (type) => {
    const message = read({ type, data: { content: "hi", role: "r", name: "n", tool_call_id: "c" } });
    expect(`${message.constructor.name}Chunk`).toBe(type);
  },
);

describe("escapes are undone only where core wrote them", () => {
  const kwargs = { value: { __lc_escaped__: { lc: 1 } } };

  test("in a row of core", () => {
    expect(read({ type: "human", data: { content: "hi", additional_kwargs: kwargs } }).additional_kwargs).toEqual({
      value: { lc: 1 },
    });
  });

  test("not in a row of ours", () => {
    expect(
      read({ type: "human", data: { content: "hi", additional_kwargs: kwargs }, codec: 1 }).additional_kwargs,
    ).toEqual(kwargs);
  });
});

test.each([
  "",
  "null",
  "[]",
  "1",
  "{}",
  '{"type":"human"',
  '{"type":"alien","data":{"content":"hi"}}',
  '{"type":"human","data":{"content":5}}',
  '{"type":"human","data":[]}',
  '{"type":"human","data":{"content":"hi","additional_kwargs":5}}',
  '{"type":"ai","data":{"content":"hi","tool_calls":5}}',
  '{"type":"ai","data":{"content":"hi","tool_calls":[5]}}',
  '{"type":"tool","data":{"content":"hi"}}',
  '{"type":"function","data":{"content":"hi"}}',
  '{"type":"generic","data":{"content":"hi"}}',
  '{"type":"chat","data":{"content":"hi"}}',
  '{"type":"human","data":{"content":"hi"},"codec":2}',
  '{"type":"human","data":{"content":"hi"},"codec":1,"marks":5}',
  '{"type":"human","data":{"content":"hi"},"codec":1,"marks":[[[],"date"]]}',
  '{"type":"human","data":{"content":"hi"},"codec":1,"marks":[[["content"],"class"]]}',
  '{"type":"human","data":{"content":"hi"},"codec":1,"marks":[[["content"],"bigint"]]}',
  '{"type":"human","data":{"content":"hi"},"codec":1,"marks":[[["__proto__","x"],"nan"]]}',
])("is no message: %s", (text) => {
  expect(() => read(text)).toThrow(/Expected|JSON/);
});
