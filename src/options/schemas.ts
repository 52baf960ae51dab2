import { z } from "zod";
import { isTimeUuid } from "../ids/clock.ts";

/** What one option has to be; its description is what the error says was expected. */
export type OptionSchema = z.ZodOptional<z.ZodType>;

/** 20 years: `Attributes.MAX_TTL` of the server. */
const MAX_TTL_SECONDS = 630_720_000;
/** The server counts the bytes of a partition key in 16 bits. */
const MAX_SESSION_ID_BYTES = 65_535;

export function name(of: string): OptionSchema {
  return custom(
    (value) => typeof value === "string" && value !== "" && value.isWellFormed(),
    `the name of a ${of}, a string that is not empty`,
  );
}

export function whole(least: number, most: number, meaning: string): OptionSchema {
  return z.number().int().min(least).max(most).describe(meaning).optional();
}

export function custom(is: (value: unknown) => boolean, meaning: string): OptionSchema {
  return z.custom(is).describe(meaning).optional();
}

export const flag: OptionSchema = z.boolean().describe("true or false").optional();

export const sessionId: OptionSchema = custom(
  isSessionId,
  "a string of 1 to 65,535 UTF-8 bytes without lone surrogates",
);

export const ttlSeconds: OptionSchema = whole(
  1,
  MAX_TTL_SECONDS,
  "a whole number of seconds from 1 to 630,720,000, or nothing for no expiry",
);

export const maxMessages: OptionSchema = whole(
  1,
  Number.MAX_SAFE_INTEGER,
  "a whole number from 1 on, or nothing for all messages",
);

export const entryId: OptionSchema = custom(isEntryId, "the id of an entry, a timeuuid string");

export const entryIds: OptionSchema = custom(
  (value) => Array.isArray(value) && value.every(isEntryId),
  "an array of ids of entries, timeuuid strings",
);

export const signal: OptionSchema = custom((value) => value instanceof AbortSignal, "an AbortSignal");

export function hasFunctions(value: unknown, ...names: string[]): boolean {
  return (
    typeof value === "object" && value !== null && names.every((key) => typeof Reflect.get(value, key) === "function")
  );
}

function isSessionId(value: unknown): boolean {
  if (typeof value !== "string" || !value.isWellFormed()) return false;
  const bytes = Buffer.byteLength(value);
  return bytes >= 1 && bytes <= MAX_SESSION_ID_BYTES;
}

function isEntryId(value: unknown): boolean {
  return typeof value === "string" && isTimeUuid(value);
}
