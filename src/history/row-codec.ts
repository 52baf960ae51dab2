import { types } from "node:util";
import type { BaseMessage } from "@langchain/core/messages";
import { codecError, isCodecError } from "../codec/codec-error.ts";
import { decodeMessage, jsonCodec } from "../codec/json.ts";
import { describeKind } from "../errors/describe.ts";
import { corruptRow, invalidMessage, invalidOption } from "../errors/refusals.ts";
import type { ResolvedOptions } from "../options/history-options.ts";
import { hasFunctions } from "../options/schemas.ts";
import type { InsertRow, StoredRow } from "../table/stored-row.ts";
import { answeredCall, madeCalls } from "./tool-calls.ts";

/** A row, and the message that it holds. */
export interface EncodedMessage extends InsertRow {
  readonly message: BaseMessage;
}

type Encoding = Pick<ResolvedOptions, "sessionId" | "codec">;
type Decoding = Encoding & Pick<ResolvedOptions, "onCorruptRow">;

/** Where a message is to be stored. */
interface Place {
  /** Of the message in the call, from 0. */
  readonly position: number;
  readonly id: string;
  readonly ttlSeconds?: number | undefined;
}

/** A message as its row. Throws `INVALID_MESSAGE` for what cannot be stored; the text names the position, never the content. */
export function encodeRow(message: unknown, { position, id, ttlSeconds }: Place, options: Encoding): EncodedMessage {
  if (!isMessage(message)) {
    throw invalidMessage(position, `expected a message of @langchain/core, got ${describeKind(message)}`);
  }
  const type = readType(message);
  if (type === "remove") {
    throw invalidMessage(
      position,
      "a RemoveMessage cannot be stored; remove a message from the history with delete([id])",
    );
  }
  const text = encodeText(message, type, { position, id }, options);
  return { id, text, bytes: Buffer.byteLength(text), ttlSeconds, message };
}

/** A message of its own, as it is now. Throws `INVALID_MESSAGE`, as `encodeRow` does. */
export function copyMessage(message: unknown, position: number): BaseMessage {
  return decodeMessage(encodeRow(message, { position, id: "" }, { sessionId: "", codec: undefined }).text);
}

/** As core itself tells: by what it can do, since the application may have two copies of core. */
function isMessage(value: unknown): value is BaseMessage {
  try {
    return hasFunctions(value, "_getType");
  } catch {
    return false;
  }
}

/** Whether a message can be looked at where a window is cut: the getters of one that the application made may throw. */
function isReadable(value: unknown): value is BaseMessage {
  try {
    return isMessage(value) && [value.type, madeCalls(value), answeredCall(value)].length > 0;
  } catch {
    return false;
  }
}

/** The types of core's classes. An error names no other: any object can say that it is a message, of any type. */
const TYPES: ReadonlySet<unknown> = new Set(["human", "ai", "system", "tool", "function", "generic", "remove"]);

function readType(message: BaseMessage): string | undefined {
  try {
    const { type } = message;
    return TYPES.has(type) ? type : undefined;
  } catch {
    return undefined;
  }
}

function encodeText(
  message: BaseMessage,
  type: string | undefined,
  { position, id }: Place,
  { sessionId, codec = jsonCodec }: Encoding,
): string {
  const name = type === undefined ? "message" : `${type} message`;
  let text: unknown;
  try {
    text = codec.encode(message, { sessionId, id });
  } catch (error) {
    throw invalidMessage(position, `this ${name} cannot be encoded`, shownCause(error));
  }
  if (types.isPromise(text)) ignoreRejection(text);
  const expected = `expected the codec to encode this ${name} as a string`;
  if (typeof text !== "string") throw invalidMessage(position, `${expected}, got ${describeKind(text)}`);
  // The driver would store another character in the place of half a pair.
  if (text.isWellFormed()) return text;
  throw invalidMessage(position, `${expected} of well-formed Unicode, got one with lone surrogates`);
}

/** A row as its message; undefined where `onCorruptRow` leaves it out. */
export function decodeRow(row: StoredRow, options: Decoding): BaseMessage | undefined {
  try {
    return decodeText(row, options);
  } catch (cause) {
    const { sessionId, onCorruptRow } = options;
    const id = row.id.toString();
    if (onCorruptRow === "skip") return undefined;
    if (onCorruptRow === "throw") throw corruptRow(sessionId, id, shownCause(cause));
    return expectReplacement(onCorruptRow({ sessionId, id, text: row.message ?? "", cause }));
  }
}

/** The id becomes text only for a codec of the application's own: that costs as much as parsing a short message. */
function decodeText(row: StoredRow, { sessionId, codec }: Encoding): BaseMessage {
  const text = row.message ?? "";
  if (codec === undefined) return decodeMessage(text);
  const message: unknown = codec.decode(text, { sessionId, id: row.id.toString() });
  if (isReadable(message)) return message;
  if (types.isPromise(message)) ignoreRejection(message);
  throw codecError(`Expected the codec to decode a message, got ${describeKind(message)}.`);
}

function expectReplacement(given: unknown): BaseMessage | undefined {
  if (given === undefined || isReadable(given)) return given;
  if (types.isPromise(given)) ignoreRejection(given);
  throw invalidOption("onCorruptRow", "a function that gives a message or nothing", describeKind(given));
}

/** What an asynchronous function gives is refused. Its own error, for which nobody waits then, would end the process. */
function ignoreRejection(promise: Promise<unknown>): void {
  promise.catch(() => {});
}

/** Any other error may quote the message: `JSON.parse` does, and a codec of the application's own or `toJSON` can. */
function shownCause(cause: unknown): unknown {
  return isCodecError(cause) ? cause : undefined;
}

/**
 * A row for another session, its remaining expiry kept; undefined where `onCorruptRow` leaves it out. The text stays as it is,
 * corrupt or not. Only a codec of the application's own, which is told the session, has to decode and encode it.
 */
export function copyRow(row: StoredRow, from: Decoding, to: Encoding): InsertRow | undefined {
  // 0 is no expiry, even in a table that has a default one.
  const ttlSeconds = row.ttl ?? 0;
  const id = row.id.toString();
  if (from.codec === undefined) {
    const text = row.message ?? "";
    return { id, text, bytes: Buffer.byteLength(text), ttlSeconds };
  }
  const message = decodeRow(row, from);
  return message && encodeRow(message, { position: 0, id, ttlSeconds }, to);
}
