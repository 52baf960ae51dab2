import {
  AIMessage,
  type BaseMessage,
  ChatMessage,
  FunctionMessage,
  HumanMessage,
  SystemMessage,
  ToolMessage,
} from "@langchain/core/messages";
import fc from "fast-check";

type Fields = Record<string, unknown>;

/** An object with the `required` keys and some of the `optional` ones. It has a prototype: JSON cannot tell of one without. */
function shape(
  required: Record<string, fc.Arbitrary<unknown>>,
  optional: Record<string, fc.Arbitrary<unknown>> = {},
): fc.Arbitrary<Fields> {
  return fc.record({ ...required, ...optional }, { requiredKeys: Object.keys(required), noNullPrototype: true });
}

/** Text of all kinds, with lone surrogates, NUL, quotes and words like NaN. */
const text: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: "grapheme" }),
  fc.constantFrom("", "\u0000", "\ud800", "a\udfffb", "NaN", '"Infinity"', "\u2028", "__lc_escaped__"),
);

const key: fc.Arbitrary<string> = fc.oneof(
  text,
  fc.constantFrom(
    "lc",
    "type",
    "id",
    "__proto__",
    "constructor",
    "toString",
    "codec",
    "marks",
    "__lc_escaped__",
    "data",
  ),
);

const beyondJson: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(undefined, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0),
  fc.bigInt(),
  // Without the invalid date: deepStrictEqual never finds it equal to itself. It has a test of its own.
  fc.date({ noInvalidDate: true }),
  fc.uint8Array({ maxLength: 40 }),
);

/** Any value that a row can hold, mostly shallow. */
export const anyValue: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.oneof(text, fc.double(), fc.integer(), fc.boolean(), fc.constant(null), beyondJson),
    fc.array(tie("value"), { maxLength: 4 }),
    record(tie("value")),
    fc.array(fc.tuple(tie("value"), tie("value")), { maxLength: 3 }).map((entries) => new Map(entries)),
    fc.array(tie("value"), { maxLength: 3 }).map((values) => new Set(values)),
  ),
})).value;

/** An object in which `__proto__` is a key like any other. */
function record(value: fc.Arbitrary<unknown>): fc.Arbitrary<Fields> {
  return fc.array(fc.tuple(key, value), { maxLength: 4 }).map((entries) => Object.fromEntries(entries));
}

const anyRecord = record(anyValue);
const block = fc.oneof(
  shape({ type: fc.constant("text"), text }),
  shape({ type: fc.constant("image"), mimeType: fc.constant("image/png"), data: fc.uint8Array({ maxLength: 50 }) }),
  shape({ type: fc.constant("reasoning"), reasoning: text }),
  anyRecord.map((fields): Fields => ({ type: "non_standard", value: fields })),
);
const content = fc.oneof(text, fc.array(block, { maxLength: 4 }));
const maybe = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> =>
  fc.option(value, { nil: undefined });

const toolCall = shape({ name: text, args: anyRecord }, { id: maybe(text), type: fc.constant("tool_call") });
const invalidCall = shape(
  {},
  { name: maybe(text), args: maybe(text), id: maybe(text), error: maybe(text), type: fc.constant("invalid_tool_call") },
);
const usage = shape({
  input_tokens: fc.nat(),
  output_tokens: fc.nat(),
  total_tokens: fc.nat(),
  input_token_details: shape({}, { cache_read: fc.nat() }),
});

const common = {
  content,
  id: maybe(text),
  name: maybe(text),
  additional_kwargs: anyRecord,
  response_metadata: fc.oneof(
    anyRecord,
    fc.constant({ output_version: "v1" }),
    fc.constant({ model_provider: "openai" }),
  ),
  futureField: maybe(anyValue),
};

/** Sets the fields after construction, since a message can hold what its constructor does not take. */
function built(make: () => BaseMessage, fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<BaseMessage> {
  return shape({ ...common, ...fields }).map((values: Fields) => {
    const message = make();
    for (const [name, value] of Object.entries(values)) {
      if (name !== "futureField" || value !== undefined) Reflect.set(message, name, value);
    }
    return message;
  });
}

/** Any message of any class that can be stored. */
export const anyMessage: fc.Arbitrary<BaseMessage> = fc.oneof(
  built(() => new HumanMessage(""), {}),
  built(() => new SystemMessage(""), {}),
  built(() => new AIMessage(""), {
    tool_calls: fc.array(toolCall, { maxLength: 3 }),
    invalid_tool_calls: fc.array(invalidCall, { maxLength: 2 }),
    usage_metadata: maybe(usage),
  }),
  built(() => new ToolMessage({ content: "", tool_call_id: "" }), {
    tool_call_id: text,
    artifact: anyValue,
    status: fc.constantFrom("success", "error", undefined),
    metadata: maybe(anyRecord),
  }),
  built(() => new FunctionMessage({ content: "", name: "f" }), { name: text }),
  built(() => new ChatMessage("", "r"), { role: text }),
);

/**
 * The class and every own field, except `lc_kwargs`, which only says how a message was constructed. In tool calls, absent and
 * undefined are the same, since both are written as null for Python.
 */
export function fieldsOf(message: BaseMessage): { class: unknown; fields: Fields } {
  const { lc_kwargs: _, ...fields }: Fields = { ...message };
  for (const name of ["tool_calls", "invalid_tool_calls"]) {
    const calls = fields[name];
    if (Array.isArray(calls)) fields[name] = calls.map(dropUndefined);
  }
  return { class: message.constructor, fields };
}

function dropUndefined(call: object): object {
  return Object.fromEntries(Object.entries(call).filter(([, value]) => value !== undefined));
}
