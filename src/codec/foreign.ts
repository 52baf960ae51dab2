import type { BaseMessage } from "@langchain/core/messages";
import { codecError } from "./codec-error.ts";
import { createMessage } from "./messages.ts";
import { parseProviderCalls } from "./provider-calls.ts";
import { isRecord, type StoredFields } from "./record.ts";

/** Core wraps an object that has a key `lc` in an object with this one key. */
const ESCAPED = "__lc_escaped__";

/** Reads a row of LangChain.js, of its older `{type, role, text}` form, or of LangChain's Python class. Throws a TypeError. */
export function readForeignRow(row: StoredFields): BaseMessage {
  const type = row["type"];
  const fields = normalizeFields(expectData(row));
  requireField(type, fields);
  if (type === "ai" || type === "AIMessageChunk") fillInCalls(fields);
  return createMessage(type, fields);
}

function expectData({ data, text, role }: StoredFields): StoredFields {
  if (isRecord(data)) return data;
  if (data === undefined && typeof text === "string") return { content: text, role };
  throw codecError("Expected the fields of a message in data.");
}

/** As core's own mapping would give them: nulls absent, escapes undone, containers there. */
function normalizeFields(data: StoredFields): StoredFields {
  const fields: StoredFields = {};
  // Parsed fields have own keys only. No message has a field named __proto__.
  for (const key in data) {
    const value = data[key];
    if (value !== null && key !== "content_blocks" && key !== "__proto__") fields[key] = unescapeValue(value);
  }
  fields["content"] = expectContent(fields["content"] ?? unescapeValue(data["content_blocks"]) ?? []);
  fields["additional_kwargs"] = expectRecord(fields["additional_kwargs"] ?? {});
  fields["response_metadata"] = expectRecord(fields["response_metadata"] ?? {});
  return fields;
}

/** The value itself, changed in place where there is something to undo: nobody else has what was just parsed. */
function unescapeValue(value: unknown): unknown {
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length; at += 1) {
      const inner: unknown = value[at];
      if (typeof inner === "object") value[at] = unescapeValue(inner);
    }
    return value;
  }
  if (!isRecord(value)) return value;
  // Core keeps what is inside as it was, deeper escapes included.
  if (ESCAPED in value && hasOneKey(value)) return value[ESCAPED];
  for (const key in value) {
    const inner = value[key];
    if (typeof inner === "object") value[key] = unescapeValue(inner);
  }
  return value;
}

/** Without a list of the keys, of which there may be a million. */
function hasOneKey(value: StoredFields): boolean {
  let keys = 0;
  for (const _ in value) {
    keys += 1;
    if (keys > 1) return false;
  }
  return true;
}

function expectContent(content: unknown): unknown {
  if (typeof content === "string" || Array.isArray(content)) return content;
  throw codecError("Expected content to be a string or a list of blocks.");
}

function expectRecord(value: unknown): StoredFields {
  if (isRecord(value)) return value;
  throw codecError("Expected an object.");
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
  if (key !== undefined && typeof fields[key] !== "string") throw codecError(`Expected ${key} in a ${type} message.`);
}

/** Before core had `tool_calls`, calls stood only in the provider's own form. */
function fillInCalls(fields: StoredFields): void {
  const { tool_calls: calls, additional_kwargs: kwargs } = fields;
  const raw = isRecord(kwargs) ? kwargs["tool_calls"] : undefined;
  if (calls === undefined && Array.isArray(raw)) {
    const [parsed, invalid] = parseProviderCalls(raw);
    fields["tool_calls"] = parsed;
    fields["invalid_tool_calls"] = invalid;
  }
  fields["tool_calls"] ??= [];
  fields["invalid_tool_calls"] ??= [];
}
