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
import { readCalls } from "./calls.ts";
import { codecError } from "./codec-error.ts";
import { isRecord, type StoredFields } from "./record.ts";

/** V8 takes up to 4 µs to set a field of an object that has so many. */
export const MOST_FIELDS = 100_000;

/** A field that the class sets itself, or that a chunk holds only while it streams. */
export function isClassField(key: string): boolean {
  return key === "type" || key === "tool_call_chunks" || key.startsWith("lc_");
}

// The fields of a row have no type before this point.
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

/** A message of this type with these fields, by way of its constructor where that changes none of them: that is cheaper. */
export function createMessage(type: unknown, fields: StoredFields): BaseMessage {
  const construct = CLASSES.get(type);
  if (construct === undefined || !isTakenAsItIs(fields)) return fillEmptyMessage(type, fields);
  readCalls(fields);
  const message = construct(fields);
  // Parsed fields have own keys only, and `in` makes no list of them.
  for (const key in fields) {
    const value = fields[key];
    if (Reflect.get(message, key) !== value) addField(message, key, value);
  }
  return message;
}

/**
 * Whether every constructor keeps these fields as they are. Constructors turn content blocks into content and calls, parse
 * a provider's own form of calls, and replace null. `text` is a getter of the class: no constructor takes it, and reading it
 * throws where the content has another form.
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
export function fillEmptyMessage(type: unknown, fields: StoredFields): BaseMessage {
  const message = CLASSES.get(type)?.({});
  if (message === undefined) throw codecError("Expected a known type of message.");
  const keys = Object.keys(fields);
  if (keys.length > MOST_FIELDS) throw codecError(`Expected at most ${MOST_FIELDS} fields.`);
  readCalls(fields);
  for (const key of keys) addField(message, key, fields[key]);
  // `toJSON` lists these: the fields that the constructor would have been given, and those that it fills in.
  message.lc_kwargs = { ...message.lc_kwargs, ...fields };
  return message;
}

/** A stored field may not replace a method of the class, nor say of which class the message is. */
function addField(message: BaseMessage, key: string, value: unknown): void {
  if (isClassField(key) || (key in message && !Object.hasOwn(message, key))) return;
  Reflect.set(message, key, value);
}
