import { z } from "zod";
import { isTimeUuid } from "../ids/timeuuid.ts";
import { MAX_SESSION_ID_BYTES, MAX_TTL_SECONDS } from "./limits.ts";

/*
 * What an option has to be. The message of each schema is what an error says was expected.
 */

/** What one option has to be, where it is given. */
export type OptionSchema = z.ZodOptional<z.ZodType>;

/** An object of these options and no others. */
export function optionsObject(shape: z.ZodRawShape, meaning = "an object"): z.ZodObject {
  const known = Object.keys(shape).join(", ");
  return z.strictObject(shape, {
    error: ({ code }) => (code === "unrecognized_keys" ? `one of the options ${known}` : meaning),
  });
}

export function custom(is: (value: unknown) => boolean, meaning: string): OptionSchema {
  return z.custom(is, meaning).optional();
}

export function name(of: string): OptionSchema {
  return custom(
    (value) => typeof value === "string" && value !== "" && value.isWellFormed(),
    `the name of a ${of}, a string that is not empty`,
  );
}

export function whole(least: number, most: number, meaning: string): OptionSchema {
  return custom((value) => Number.isInteger(value) && Number(value) >= least && Number(value) <= most, meaning);
}

export function oneOf(...words: string[]): OptionSchema {
  return custom((value) => words.some((word) => word === value), words.map((word) => `"${word}"`).join(" or "));
}

export const flag: OptionSchema = custom((value) => typeof value === "boolean", "true or false");

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

export const windowStart: OptionSchema = oneOf("any", "human");

export const entryId: OptionSchema = custom(isEntryId, "the id of an entry, a timeuuid string");

export const idList: OptionSchema = custom(
  // By index: `every` passes over holes.
  (value) => Array.isArray(value) && Array.from(value).every(isEntryId),
  "an array of ids of entries, timeuuid strings",
);

export const signal: OptionSchema = custom(isSignal, "an AbortSignal");

/** Whether the value has all of these functions: an application may have two copies of a library, and of its classes. */
export function hasFunctions(value: unknown, ...names: string[]): boolean {
  return (
    typeof value === "object" && value !== null && names.every((key) => typeof Reflect.get(value, key) === "function")
  );
}

/** By what it can do: test environments such as jsdom replace the class. */
function isSignal(value: unknown): boolean {
  return (
    hasFunctions(value, "addEventListener", "removeEventListener") &&
    typeof Reflect.get(Object(value), "aborted") === "boolean"
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
