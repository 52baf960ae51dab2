import type { BaseMessage } from "@langchain/core/messages";
import { defaultToolCallParser } from "@langchain/core/messages/tool";
import { constructMessage, isRecord, type StoredFields } from "./messages.ts";

/** Core wraps an object that has a key `lc` in one of this single key. */
const ESCAPED = "__lc_escaped__";

/** Reads what LangChain.js, its older `{type, role, text}` form, or LangChain's Python wrote. Throws a TypeError. */
export function readForeignRow(row: StoredFields): BaseMessage {
  const type = row["type"];
  const data = row["data"] === undefined ? { content: row["text"], role: row["role"] } : row["data"];
  if (!isRecord(data)) throw new TypeError("Expected the fields of a message in data.");
  const fields = normalizeFields(data);
  requireField(type, fields);
  if (type === "ai" || type === "AIMessageChunk") completeCalls(fields);
  return constructMessage(type, fields);
}

/** As core's own mapping would give them: nulls absent, escapes undone, containers there. */
function normalizeFields(data: StoredFields): StoredFields {
  const fields: StoredFields = {};
  // What was parsed has own keys only; no message has a field of this name.
  for (const key in data) {
    const value = data[key];
    if (value !== null && key !== "content_blocks" && key !== "__proto__") fields[key] = unescapeValue(value);
  }
  fields["content"] = expectContent(fields["content"] ?? unescapeValue(data["content_blocks"]) ?? []);
  fields["additional_kwargs"] = expectRecord(fields["additional_kwargs"] ?? {});
  fields["response_metadata"] = expectRecord(fields["response_metadata"] ?? {});
  return fields;
}

/** The value itself, changed where there is something to undo: nobody else has what was just parsed. */
function unescapeValue(value: unknown): unknown {
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length; at += 1) value[at] = unescapeValue(value[at]);
    return value;
  }
  if (!isRecord(value)) return value;
  // What is inside was kept as it was, deeper escapes included.
  if (ESCAPED in value && Object.keys(value).length === 1) return value[ESCAPED];
  for (const key in value) {
    const inner = value[key];
    if (typeof inner === "object") value[key] = unescapeValue(inner);
  }
  return value;
}

function expectContent(content: unknown): unknown {
  if (typeof content === "string" || Array.isArray(content)) return content;
  throw new TypeError("Expected content to be a string or a list of blocks.");
}

function expectRecord(value: unknown): StoredFields {
  if (isRecord(value)) return value;
  throw new TypeError("Expected an object.");
}

/** What a message of the type cannot be without, as in core's mapping. */
const REQUIRED: ReadonlyMap<unknown, string> = new Map([
  ["tool", "tool_call_id"],
  ["function", "name"],
  ["generic", "role"],
  ["chat", "role"],
]);

function requireField(type: unknown, fields: StoredFields): void {
  const key = REQUIRED.get(type);
  if (key !== undefined && typeof fields[key] !== "string")
    throw new TypeError(`Expected ${key} in a ${type} message.`);
}

/** Before core had `tool_calls`, they stood in the provider's own form only. */
function completeCalls(fields: StoredFields): void {
  const { tool_calls: calls, additional_kwargs: kwargs } = fields;
  const raw = isRecord(kwargs) ? kwargs["tool_calls"] : undefined;
  if (calls === undefined && Array.isArray(raw)) {
    const [parsed, invalid] = defaultToolCallParser(raw.filter(isRecord));
    fields["tool_calls"] = parsed;
    fields["invalid_tool_calls"] = invalid;
  }
  fields["tool_calls"] = expectCalls(fields["tool_calls"] ?? []);
  fields["invalid_tool_calls"] = expectCalls(fields["invalid_tool_calls"] ?? []);
}

function expectCalls(calls: unknown): unknown[] {
  if (Array.isArray(calls) && calls.every(isRecord)) return calls;
  throw new TypeError("Expected a list of tool calls.");
}
