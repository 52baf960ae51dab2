import type { BaseMessage } from "@langchain/core/messages";
import { defaultToolCallParser } from "@langchain/core/messages/tool";
import { createMessage, isRecord, type StoredFields } from "./messages.ts";

/** Core wraps an object that has a key `lc` in one of this single key. */
const ESCAPED = "__lc_escaped__";

/** Reads what LangChain.js, its older `{type, role, text}` form, or LangChain's Python wrote. Throws a TypeError. */
export function readForeignRow(row: StoredFields): BaseMessage {
  const type = row["type"];
  const data = row["data"] === undefined ? { content: row["text"], role: row["role"] } : row["data"];
  if (!isRecord(data)) throw new TypeError("Expected the fields of a message in data.");
  const fields = normalizeFields(data);
  requireFields(type, fields);
  if (type === "ai" || type === "AIMessageChunk") completeCalls(fields);
  return createMessage(type, fields);
}

/** As core's own mapping would give them: nulls absent, escapes undone, containers there. */
function normalizeFields(data: StoredFields): StoredFields {
  const present = Object.entries(data).filter(([, value]) => value !== null);
  const fields: StoredFields = Object.fromEntries(present.map(([key, value]) => [key, unescapeValue(value)]));
  const { content_blocks: blocks, ...rest } = fields;
  return {
    ...rest,
    content: expectContent(rest["content"] ?? blocks ?? []),
    additional_kwargs: expectRecord(rest["additional_kwargs"] ?? {}),
    response_metadata: expectRecord(rest["response_metadata"] ?? {}),
  };
}

function unescapeValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unescapeValue);
  if (!isRecord(value)) return value;
  const keys = Object.keys(value);
  // What is inside was kept as it was, deeper escapes included.
  if (keys.length === 1 && keys[0] === ESCAPED) return value[ESCAPED];
  return Object.fromEntries(keys.map((key) => [key, unescapeValue(value[key])]));
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
function requireFields(type: unknown, fields: StoredFields): void {
  const needed = { tool: "tool_call_id", function: "name", generic: "role", chat: "role" };
  for (const [one, key] of Object.entries(needed)) {
    if (one === type && typeof fields[key] !== "string") throw new TypeError(`Expected ${key} in a ${one} message.`);
  }
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
