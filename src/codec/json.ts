import type { BaseMessage } from "@langchain/core/messages";
import type { MessageCodec } from "../options/message-codec.ts";
import { codecError } from "./codec-error.ts";
import { readFields } from "./fields.ts";
import { readForeignRow } from "./foreign.ts";
import { type Mark, markValues, restoreValues } from "./marks.ts";
import { createMessage, fillEmptyMessage } from "./messages.ts";
import { parseJson } from "./parse-json.ts";
import { isJson } from "./plain.ts";
import { isRecord, type StoredFields } from "./record.ts";
import { checkReadable } from "./survey.ts";

/**
 * A row is LangChain's stored-message form, which LangChain reads in both languages. Two more fields stand beside `data`,
 * for this library only: `codec` tells its rows from those of LangChain, and `marks` names the values that JSON cannot carry.
 */
interface OwnRow {
  readonly type: string;
  readonly data: unknown;
  readonly codec: typeof VERSION;
  readonly marks?: readonly Mark[];
}

const VERSION = 1;

/** The name of each type in a row: `chat` is Python's name for what LangChain.js calls `generic`. */
const TYPE_NAMES: ReadonlyMap<unknown, string> = new Map([
  ["human", "human"],
  ["ai", "ai"],
  ["system", "system"],
  ["tool", "tool"],
  ["function", "function"],
  ["generic", "chat"],
]);

/**
 * Writes messages as JSON that LangChain reads in both languages, and reads them back as they were: class, own fields,
 * and values beyond JSON.
 *
 * What it refuses: a type that LangChain's stored form does not know (here), fields (`fields.ts`), lists of calls (`calls.ts`,
 * `provider-calls.ts`), cycles and too many values beyond JSON (`marks.ts`), texts that take too long to parse (`survey.ts`).
 * How deep values may be nested is a matter of V8's stack.
 */
export const jsonCodec: MessageCodec = Object.freeze({ encode: encodeMessage, decode: decodeMessage });

function encodeMessage(message: BaseMessage): string {
  const type = TYPE_NAMES.get(message.getType());
  if (type === undefined) throw codecError("Expected a message of a type that LangChain's stored form knows.");
  const text = JSON.stringify(toRow(type, readFields(message, type)));
  checkReadable(text);
  return text;
}

function toRow(type: string, data: StoredFields): OwnRow {
  if (isJson(data)) return { type, data, codec: VERSION };
  const { json, marks } = markValues(data);
  return { type, data: json, codec: VERSION, marks };
}

export function decodeMessage(text: string): BaseMessage {
  const row: unknown = parseJson(text);
  if (!isRecord(row)) throw codecError("Expected a JSON object.");
  if (row["codec"] === undefined) return readForeignRow(row);
  if (row["codec"] !== VERSION) throw codecError(`Expected a row of version ${VERSION}: a newer release wrote it.`);
  const { type, data, marks } = row;
  if (!isRecord(data)) throw codecError("Expected the fields of a message in data.");
  if (marks === undefined) return createMessage(type, data);
  restoreValues(data, marks);
  return fillEmptyMessage(type, data);
}
