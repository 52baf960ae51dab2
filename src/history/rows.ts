import type { BaseMessage } from "@langchain/core/messages";
import { decodeMessage, jsonCodec } from "../codec/json.ts";
import { CassandraHistoryError } from "../errors/history-error.ts";
import type { CorruptRow, ResolvedOptions } from "../options/history-options.ts";
import { hasFunctions } from "../options/schemas.ts";
import { describeKind, invalidOption } from "../options/validation.ts";
import type { StoredRow } from "../table/table.ts";
import type { InsertRow } from "./batches.ts";

/** A row, and the message that it holds. */
export interface EncodedMessage extends InsertRow {
  readonly message: BaseMessage;
}

type Encoding = Pick<ResolvedOptions, "sessionId" | "codec">;
type Decoding = Encoding & Pick<ResolvedOptions, "onCorruptRow">;

/** A message as its row. Throws `INVALID_MESSAGE` for what cannot be stored; the text names the place, never the content. */
export function encodeRow(
  message: unknown,
  at: number,
  id: string,
  ttlSeconds: number | undefined,
  { sessionId, codec }: Encoding,
): EncodedMessage {
  if (!isMessage(message)) {
    throw invalidMessage(at, `expected a message of @langchain/core, got ${describeKind(message)}`);
  }
  if (message.type === "remove") {
    throw invalidMessage(at, "a RemoveMessage cannot be stored; remove a message from the history with delete([id])");
  }
  const text = encodeText(message, at, () => codec.encode(message, { sessionId, id }));
  return { id, text, bytes: Buffer.byteLength(text), ttlSeconds, message };
}

/** As core itself tells: by what it can do, since the application may have two copies of core. */
function isMessage(value: unknown): value is BaseMessage {
  return hasFunctions(value, "_getType");
}

function encodeText(message: BaseMessage, at: number, encode: () => unknown): string {
  let text: unknown;
  try {
    text = encode();
  } catch (error) {
    throw invalidMessage(at, `this ${message.type} message cannot be encoded`, withoutQuote(error));
  }
  if (typeof text === "string") return text;
  throw invalidMessage(
    at,
    `expected the codec to encode this ${message.type} message as a string, got ${describeKind(text)}`,
  );
}

function invalidMessage(at: number, why: string, cause?: unknown): CassandraHistoryError {
  const text = `Invalid message at position ${at} of the call: ${why}. Nothing of the call was written.`;
  return new CassandraHistoryError("INVALID_MESSAGE", text, { cause });
}

/** A row as its message; undefined where `onCorruptRow` leaves it out. */
export function decodeRow(row: StoredRow, options: Decoding): BaseMessage | undefined {
  try {
    return decodeText(row, options);
  } catch (cause) {
    const { sessionId, onCorruptRow } = options;
    const corrupt = { sessionId, id: row.id.toString(), text: row.message ?? "", cause };
    if (onCorruptRow === "skip") return undefined;
    if (onCorruptRow === "throw") throw corruptRow(corrupt);
    return standIn(onCorruptRow(corrupt));
  }
}

/** The id becomes text only for a codec of the application's own: that costs as much as parsing a short message. */
function decodeText(row: StoredRow, { sessionId, codec }: Encoding): BaseMessage {
  const text = row.message ?? "";
  if (codec === jsonCodec) return decodeMessage(text);
  const message: unknown = codec.decode(text, { sessionId, id: row.id.toString() });
  if (isMessage(message)) return message;
  throw new TypeError(`Expected the codec to decode a message, got ${describeKind(message)}.`);
}

function standIn(given: unknown): BaseMessage | undefined {
  if (given === undefined || isMessage(given)) return given;
  throw invalidOption("onCorruptRow", "a function that gives a message or nothing", describeKind(given));
}

function corruptRow({ sessionId, id, cause }: CorruptRow): CassandraHistoryError {
  return new CassandraHistoryError(
    "CORRUPT_ROW",
    `The row ${id} of session ${JSON.stringify(sessionId)} holds no message that the codec can decode. ` +
      'Read on without it by onCorruptRow: "skip" or a function, or remove it with delete([id]).',
    { sessionId, id, cause: withoutQuote(cause) },
  );
}

/** JSON.parse quotes the text in its error. */
function withoutQuote(cause: unknown): unknown {
  return cause instanceof SyntaxError ? undefined : cause;
}

/**
 * A row for another session, its remaining expiry kept. The text is taken as it is, corrupt or not; only a codec of the
 * application's own, which is told the session, has to decode and encode it. Undefined where `onCorruptRow` leaves it out.
 */
export function copyRow(row: StoredRow, from: Decoding, to: Encoding): InsertRow | undefined {
  // 0 is no expiry, even in a table that has a default one.
  const ttlSeconds = row.ttl ?? 0;
  const id = row.id.toString();
  const text = row.message ?? "";
  if (from.codec === jsonCodec) return { id, text, bytes: Buffer.byteLength(text), ttlSeconds };
  const message = decodeRow(row, from);
  return message && encodeRow(message, 0, id, ttlSeconds, to);
}
