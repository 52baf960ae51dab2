import {
  AIMessage,
  type BaseMessage,
  ChatMessage,
  FunctionMessage,
  HumanMessage,
  RemoveMessage,
  SystemMessage,
  ToolMessage,
} from "@langchain/core/messages";

/** The fields of one message. */
export type StoredFields = Record<string, unknown>;

export function isRecord(value: unknown): value is StoredFields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Every name under which a type is stored, here and by LangChain in both languages. A chunk is its full message. */
const EMPTY: ReadonlyMap<unknown, () => BaseMessage> = new Map<unknown, () => BaseMessage>([
  ["human", () => new HumanMessage({ content: "" })],
  ["HumanMessageChunk", () => new HumanMessage({ content: "" })],
  ["ai", () => new AIMessage({ content: "" })],
  ["AIMessageChunk", () => new AIMessage({ content: "" })],
  ["system", () => new SystemMessage({ content: "" })],
  ["SystemMessageChunk", () => new SystemMessage({ content: "" })],
  ["tool", () => new ToolMessage({ content: "", tool_call_id: "" })],
  ["ToolMessageChunk", () => new ToolMessage({ content: "", tool_call_id: "" })],
  ["function", () => new FunctionMessage({ content: "", name: "" })],
  ["FunctionMessageChunk", () => new FunctionMessage({ content: "", name: "" })],
  ["chat", () => new ChatMessage({ content: "", role: "" })],
  ["generic", () => new ChatMessage({ content: "", role: "" })],
  ["ChatMessageChunk", () => new ChatMessage({ content: "", role: "" })],
  ["remove", () => new RemoveMessage({ id: "" })],
]);

/**
 * A message of this type with these fields, and no others. The class is made empty first, since constructors change what
 * they are given: content blocks move, tool calls are guessed, and core prints a warning. Throws a TypeError for a type
 * that nobody writes.
 */
export function createMessage(type: unknown, fields: StoredFields): BaseMessage {
  const message = EMPTY.get(type)?.();
  if (message === undefined) throw new TypeError("Expected a known type of message.");
  for (const key of CLEARED) if (key in message && !Object.hasOwn(fields, key)) Reflect.set(message, key, undefined);
  for (const key of Object.keys(fields)) {
    if (isOwnField(message, key)) Reflect.set(message, key, fieldOf(key, fields[key]));
  }
  // What toJSON lists: the fields that its constructor would have been given.
  message.lc_kwargs = fields;
  return message;
}

/** Filled in above to please the constructors. */
const CLEARED = ["id", "name", "role", "tool_call_id"] as const;

/** A stored field may add to a message, but not stand before its class's methods, nor before what the class is. */
function isOwnField(message: BaseMessage, key: string): boolean {
  if (key === "type" || key === "tool_call_chunks" || key.startsWith("lc_")) return false;
  return Object.hasOwn(message, key) || !(key in message);
}

function fieldOf(key: string, value: unknown): unknown {
  const absent = CALL_KEYS.get(key);
  return absent === undefined ? value : withoutNulls(absent, value);
}

/** What Python wants to see in a call even where it is absent, as `null`. */
export const CALL_KEYS: ReadonlyMap<string, readonly string[]> = new Map([
  ["tool_calls", ["id"]],
  ["invalid_tool_calls", ["id", "name", "args", "error"]],
]);

function withoutNulls(keys: readonly string[], calls: unknown): unknown {
  if (!Array.isArray(calls)) return calls;
  for (const call of calls) {
    if (isRecord(call)) for (const key of keys) if (call[key] === null) call[key] = undefined;
  }
  return calls;
}
