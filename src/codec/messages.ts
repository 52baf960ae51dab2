import {
  AIMessage,
  type AIMessageFields,
  type BaseMessage,
  type BaseMessageFields,
  ChatMessage,
  type ChatMessageFields,
  FunctionMessage,
  type FunctionMessageFields,
  HumanMessage,
  RemoveMessage,
  type RemoveMessageFields,
  SystemMessage,
  ToolMessage,
  type ToolMessageFields,
} from "@langchain/core/messages";

/** The fields of one message. */
export type StoredFields = Record<string, unknown>;

export function isRecord(value: unknown): value is StoredFields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What the class sets itself, or a chunk holds while it streams. */
export function isClassField(key: string): boolean {
  return key === "type" || key === "tool_call_chunks" || key.startsWith("lc_");
}

// What is in a row has no type before this point.
const human = (fields: object): BaseMessage => new HumanMessage(fields as BaseMessageFields);
const ai = (fields: object): BaseMessage => new AIMessage(fields as AIMessageFields);
const system = (fields: object): BaseMessage => new SystemMessage(fields as BaseMessageFields);
const tool = (fields: object): BaseMessage => new ToolMessage(fields as ToolMessageFields);
const functionMessage = (fields: object): BaseMessage => new FunctionMessage(fields as FunctionMessageFields);
const chat = (fields: object): BaseMessage => new ChatMessage(fields as ChatMessageFields);
const remove = (fields: object): BaseMessage => new RemoveMessage(fields as RemoveMessageFields);

/** Every name under which a type is stored, here and by LangChain in both languages. A chunk is its full message. */
const CLASSES: ReadonlyMap<unknown, (fields: object) => BaseMessage> = new Map([
  ["human", human],
  ["HumanMessageChunk", human],
  ["ai", ai],
  ["AIMessageChunk", ai],
  ["system", system],
  ["SystemMessageChunk", system],
  ["tool", tool],
  ["ToolMessageChunk", tool],
  ["function", functionMessage],
  ["FunctionMessageChunk", functionMessage],
  ["chat", chat],
  ["generic", chat],
  ["ChatMessageChunk", chat],
  ["remove", remove],
]);

/** `createMessage` for most rows, at the cost of the constructor alone. */
export function constructMessage(type: unknown, fields: StoredFields): BaseMessage {
  const construct = CLASSES.get(type);
  if (construct === undefined || !isTakenAsItIs(fields)) return createMessage(type, fields);
  dropNulls(fields);
  const message = construct(fields);
  // What was parsed has own keys only, and `in` makes no list of them.
  for (const key in fields) {
    const value = fields[key];
    if (Reflect.get(message, key) !== value) addField(message, key, value);
  }
  return message;
}

/**
 * Whether no constructor would change what it is given: make content or calls of content blocks, guess calls, or fill in for
 * null. `text` is none of a constructor's, but a look at it has the class compute it from whatever the content is.
 */
function isTakenAsItIs({
  additional_kwargs: kwargs,
  response_metadata: metadata,
  tool_calls: calls,
  invalid_tool_calls: invalidCalls,
  contentBlocks,
  text,
}: StoredFields): boolean {
  return (
    contentBlocks === undefined &&
    text === undefined &&
    (kwargs === undefined || (isRecord(kwargs) && kwargs["tool_calls"] === undefined)) &&
    (metadata === undefined || (isRecord(metadata) && metadata["output_version"] === undefined)) &&
    (calls === undefined || Array.isArray(calls)) &&
    (invalidCalls === undefined || Array.isArray(invalidCalls))
  );
}

/**
 * A message of this type with these fields, and no others. The class is made empty first, since constructors change what
 * they are given. Throws a TypeError for a type that nobody writes.
 */
export function createMessage(type: unknown, fields: StoredFields): BaseMessage {
  const message = CLASSES.get(type)?.({});
  if (message === undefined) throw new TypeError("Expected a known type of message.");
  dropNulls(fields);
  for (const key of Object.keys(fields)) addField(message, key, fields[key]);
  // What toJSON lists: the fields that its constructor would have been given, and what it fills in.
  message.lc_kwargs = { ...message.lc_kwargs, ...fields };
  return message;
}

/** A stored field may add to a message, but not stand before its class's methods, nor before what the class is. */
function addField(message: BaseMessage, key: string, value: unknown): void {
  if (isClassField(key) || (key in message && !Object.hasOwn(message, key))) return;
  Reflect.set(message, key, value);
}

/** What Python wants to see in a call even where it is absent, as `null`. */
export const CALL_KEYS: ReadonlyMap<string, readonly string[]> = new Map([
  ["tool_calls", ["id"]],
  ["invalid_tool_calls", ["id", "name", "args", "error"]],
]);

function dropNulls(fields: StoredFields): void {
  dropNullsOf(fields["tool_calls"], "tool_calls");
  dropNullsOf(fields["invalid_tool_calls"], "invalid_tool_calls");
}

function dropNullsOf(calls: unknown, name: string): void {
  // Most messages have none: nothing is looked up for them.
  if (!Array.isArray(calls) || calls.length === 0) return;
  const keys = CALL_KEYS.get(name) ?? [];
  for (const call of calls) {
    if (isRecord(call)) for (const key of keys) if (call[key] === null) call[key] = undefined;
  }
}
