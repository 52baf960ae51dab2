import { corruptEntry, invalidOption } from "../errors/refusals.ts";
import { MAX_METADATA_BYTES, MAX_METADATA_DEPTH } from "../options/limits.ts";
import type { JsonValue, SessionMetadata } from "../options/session-arguments.ts";

/** JSON texts by their keys; null for a key that is to be removed. */
export type MetadataTexts = ReadonlyMap<string, string | null>;

const NO_METADATA: MetadataTexts = new Map();

/** Throws `INVALID_OPTION`, without a word of what it was given. */
export function encodeMetadata(metadata: SessionMetadata | undefined): MetadataTexts {
  if (metadata === undefined) return NO_METADATA;
  const texts = new Map<string, string | null>();
  for (const [key, value] of readEntries(metadata)) {
    checkKey(key);
    texts.set(key, value === null ? null : JSON.stringify(copyJson(value, 0)));
  }
  return texts;
}

/** The driver's own map of text is an object, which cannot have this key. */
function checkKey(key: string): void {
  if (key === "__proto__") throw invalidOption("metadata", "keys other than __proto__", "this key");
  if (!key.isWellFormed()) throw invalidOption("metadata", "keys that are well-formed", "one with lone surrogates");
}

function copyJson(value: unknown, depth: number): unknown {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (typeof value !== "object") throw noJson(typeof value === "number" ? "a number that JSON has not" : typeof value);
  if (depth >= MAX_METADATA_DEPTH) throw noJson(`one that is nested deeper than ${MAX_METADATA_DEPTH}, or in itself`);
  // By index: `map` passes over holes.
  if (Array.isArray(value)) return Array.from(value, (one: unknown) => copyJson(one, depth + 1));
  const copy = readEntries(value).map(([key, one]) => [key, copyJson(one, depth + 1)]);
  return Object.fromEntries(copy);
}

/** Each value is read once. */
function readEntries(value: object): [string, unknown][] {
  if (!isPlain(value)) throw noJson("an object of a class");
  try {
    return Object.entries(value);
  } catch {
    // The error is left out: it is the caller's own, and may say anything.
    throw noJson("one that throws when it is read");
  }
}

/** Of any realm: an object of `node:vm` or of a test environment has another `Object.prototype`. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function noJson(got: string): Error {
  return invalidOption("metadata", "an object of JSON values", got);
}

/** What is stored once these are merged into it. Throws `INVALID_OPTION` where that is too large. */
export function mergeMetadata(stored: ReadonlyMap<string, string>, changes: MetadataTexts): Map<string, string> {
  const merged = new Map(stored);
  for (const [key, text] of changes) {
    if (text === null) merged.delete(key);
    else merged.set(key, text);
  }
  if (changes.size > 0) checkSize(merged);
  return merged;
}

function checkSize(metadata: ReadonlyMap<string, string>): void {
  let bytes = 0;
  for (const [key, text] of metadata) bytes += Buffer.byteLength(key) + Buffer.byteLength(text);
  if (bytes <= MAX_METADATA_BYTES) return;
  const expected = `metadata of at most ${MAX_METADATA_BYTES} UTF-8 bytes after the change (keys and JSON texts)`;
  throw invalidOption("metadata", expected, `${bytes} bytes`);
}

/** Frozen, inner values too. Throws `CORRUPT_ROW` where another writer stored what is no JSON. */
export function decodeMetadata(sessionId: string, texts: ReadonlyMap<string, string>): SessionMetadata {
  const entries = [...texts].map(([key, text]): [string, JsonValue] => [key, parseText(sessionId, text)]);
  return Object.freeze(Object.fromEntries(entries));
}

function parseText(sessionId: string, text: string): JsonValue {
  try {
    const value: JsonValue = JSON.parse(text, (_, one: unknown) => Object.freeze(one));
    return value;
  } catch {
    // The error is left out: it quotes the text.
    throw corruptEntry(sessionId);
  }
}
