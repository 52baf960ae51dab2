import type { BaseMessage } from "@langchain/core/messages";
import { CALL_KEYS, expectCalls } from "./calls.ts";
import { codecError } from "./codec-error.ts";
import { isClassField, MOST_FIELDS } from "./messages.ts";
import { isRecord, type StoredFields } from "./record.ts";

/** Fields that the class fills in by itself, so that their absence has to be written down. */
const FILLED_IN: ReadonlySet<string> = new Set([
  "content",
  "additional_kwargs",
  "response_metadata",
  "tool_calls",
  "invalid_tool_calls",
]);

/** The message's own fields as they are now, not as its constructor was given them. */
export function readFields(message: BaseMessage, type: string): StoredFields {
  const fields: StoredFields = {};
  const entries = Object.entries(message);
  if (entries.length > MOST_FIELDS) throw codecError(`Expected at most ${MOST_FIELDS} fields.`);
  for (const [key, value] of entries) {
    if (value === undefined ? !FILLED_IN.has(key) : isLeftOut(message, type, key, value)) continue;
    if (key === "__proto__") throw codecError("Expected a message without a field named __proto__ of its own.");
    fields[key] = CALL_KEYS.has(key) ? completeCalls(key, value) : value;
  }
  return fields;
}

/** A function is no data: a test's spy on a method stands among the fields. */
function isLeftOut(message: BaseMessage, type: string, key: string, value: unknown): boolean {
  return typeof value === "function" || isClassField(key) || isFilledIn(message, type, key, value);
}

/** An empty value that the class of every reader has by itself: rows are shorter without it, and read faster. */
function isFilledIn(message: BaseMessage, type: string, key: string, value: unknown): boolean {
  switch (key) {
    case "additional_kwargs":
    case "response_metadata":
      return isEmptyObject(value);
    case "tool_calls":
    case "invalid_tool_calls":
      // A provider's own form of calls in additional_kwargs is read as calls where the row has no list of them.
      return isEmptyArray(value) && type === "ai" && isEmptyObject(message.additional_kwargs);
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

/** The calls, and `null` for what Python wants to see in each even where it is absent. */
function completeCalls(key: string, value: unknown): unknown {
  const calls = expectCalls(key, value);
  if (calls === undefined) return value;
  const keys = CALL_KEYS.get(key) ?? [];
  const isComplete = (call: StoredFields): boolean =>
    keys.every((one) => Object.hasOwn(call, one) && isStored(call[one]));
  if (calls.every(isComplete)) return calls;
  const absent = Object.fromEntries(keys.map((one) => [one, null]));
  return calls.map((call) => ({ ...absent, ...storedFields(call) }));
}

function storedFields(call: StoredFields): object {
  return Object.fromEntries(Object.entries(call).filter(([, value]) => isStored(value)));
}

/** JSON has no form for the others, and leaves them out. */
function isStored(value: unknown): boolean {
  return value !== undefined && typeof value !== "function" && typeof value !== "symbol";
}
