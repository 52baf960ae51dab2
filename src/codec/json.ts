import type { BaseMessage } from "@langchain/core/messages";
import type { MessageCodec } from "../options/message-codec.ts";
import { readForeignRow } from "./foreign.ts";
import { parseJson } from "./lenient.ts";
import { CALL_KEYS, constructMessage, createMessage, isClassField, isRecord, type StoredFields } from "./messages.ts";
import { isJson, type Mark, markValues, restoreValues } from "./values.ts";

/**
 * A row is LangChain's stored-message form, which core and its Python sibling read, and beside it what only this library
 * reads: `codec`, which tells our rows from core's, and `marks`, the values that JSON cannot carry.
 */
interface OwnRow {
  readonly type: string;
  readonly data: StoredFields;
  readonly codec: typeof VERSION;
  readonly marks?: readonly Mark[];
}

const VERSION = 1;

/** Python's name for what LangChain.js calls `generic`. */
const TYPE_NAMES: Readonly<Record<string, string>> = {
  human: "human",
  ai: "ai",
  system: "system",
  tool: "tool",
  function: "function",
  generic: "chat",
};

/** What the class fills in by itself, so that its absence has to be written down. */
const FILLED_IN: ReadonlySet<string> = new Set([
  "content",
  "additional_kwargs",
  "response_metadata",
  "tool_calls",
  "invalid_tool_calls",
]);

/**
 * Messages as JSON that LangChain in both languages reads, and that this library reads back as they were: class, own
 * fields, and values beyond JSON.
 */
export const jsonCodec: MessageCodec = Object.freeze({ encode: encodeMessage, decode: decodeMessage });

function encodeMessage(message: BaseMessage): string {
  const type = TYPE_NAMES[message.getType()];
  if (type === undefined) throw new TypeError("Expected a message of a type that LangChain's stored form knows.");
  const data = readFields(message);
  if (isJson(data)) return JSON.stringify({ type, data, codec: VERSION } satisfies OwnRow);
  const { json, marks } = markValues(data);
  return JSON.stringify({ type, data: json, codec: VERSION, marks });
}

/** The message's own fields as they are now, not as its constructor was given them. */
function readFields(message: BaseMessage): StoredFields {
  const fields: StoredFields = {};
  for (const [key, value] of Object.entries(message)) {
    if (value === undefined ? !FILLED_IN.has(key) : isClassField(key) || isFilledIn(message, key, value)) continue;
    if (key === "__proto__") throw new TypeError("Expected a message without a field named __proto__ of its own.");
    fields[key] = CALL_KEYS.has(key) ? withExplicit(CALL_KEYS.get(key) ?? [], value) : value;
  }
  return fields;
}

/** An empty value that the class of every reader has by itself: rows are shorter without it, and read faster. */
function isFilledIn(message: BaseMessage, key: string, value: unknown): boolean {
  switch (key) {
    case "additional_kwargs":
    case "response_metadata":
      return isEmptyObject(value);
    case "tool_calls":
    case "invalid_tool_calls":
      // A provider's own form of calls in additional_kwargs is read as calls where the row has no list of them.
      return isEmptyArray(value) && message.getType() === "ai" && isEmptyObject(message.additional_kwargs);
    default:
      return false;
  }
}

function isEmptyArray(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function isEmptyObject(value: unknown): boolean {
  if (!isRecord(value) || Object.getPrototypeOf(value) !== Object.prototype) return false;
  for (const _ in value) return false;
  return true;
}

function withExplicit(keys: readonly string[], calls: unknown): unknown {
  if (!Array.isArray(calls) || calls.length === 0) return calls;
  const isComplete = (call: unknown): boolean => !isRecord(call) || keys.every((key) => call[key] !== undefined);
  if (calls.every(isComplete)) return calls;
  const absent = Object.fromEntries(keys.map((key) => [key, null]));
  return calls.map((call: unknown) => (isRecord(call) ? { ...absent, ...dropUndefined(call) } : call));
}

function dropUndefined(call: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(call).filter(([, value]) => value !== undefined));
}

export function decodeMessage(text: string): BaseMessage {
  const row: unknown = parseJson(text);
  if (!isRecord(row)) throw new TypeError("Expected a JSON object.");
  if (row["codec"] === undefined) return readForeignRow(row);
  if (row["codec"] !== VERSION) throw new TypeError(`Expected a row of version ${VERSION}: a newer release wrote it.`);
  const { type, data, marks } = row;
  if (!isRecord(data)) throw new TypeError("Expected the fields of a message in data.");
  if (marks === undefined) return constructMessage(type, data);
  restoreValues(data, marks);
  return createMessage(type, data);
}
