import { z } from "zod";
import { compareIds } from "../ids/clock.ts";
import type { RowOrder } from "../table/statements.ts";
import { entryId, entryIds, maxMessages, signal, ttlSeconds, whole } from "./schemas.ts";
import { describeValue, invalidOption, validate } from "./validation.ts";

export interface GetMessagesOptions {
  /** The newest messages only, for this call. @defaultValue the history's `maxMessages` */
  readonly maxMessages?: number | undefined;
  /** Ends the call with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

export interface AppendOptions {
  /**
   * The `ids` of a failed attempt, to try again without storing a message twice: as many as messages, ascending. Ids of
   * one's own are taken as well (timeuuids of now): what a `signal` cut short can then be tried again, too.
   */
  readonly ids?: readonly string[] | undefined;
  /** Expiry of these messages, in seconds. @defaultValue the history's `ttlSeconds` */
  readonly ttlSeconds?: number | undefined;
  /** Ends the call with the signal's reason; what was sent before may be stored, what was not is not sent. */
  readonly signal?: AbortSignal | undefined;
}

export interface EntriesOptions {
  /** @defaultValue `"oldest-first"` */
  readonly order?: RowOrder | undefined;
  /** Entries newer than this id only. */
  readonly after?: string | undefined;
  /** Entries older than this id only. */
  readonly before?: string | undefined;
  /** As many entries at the most. @defaultValue all */
  readonly limit?: number | undefined;
  /** Ends the iteration with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

export interface PageOptions {
  /** As many entries at the most. */
  readonly limit: number;
  /** The newest entries older than this id: a page's `older`. Without this and `after`, the newest entries. */
  readonly before?: string | undefined;
  /** The oldest entries newer than this id: a page's `newer`. */
  readonly after?: string | undefined;
}

export interface ForkOptions {
  /** The id of the last entry to be copied. @defaultValue the newest */
  readonly through?: string | undefined;
}

const limit = whole(1, Number.MAX_SAFE_INTEGER, "a whole number from 1 on");
const order = z.enum(["oldest-first", "newest-first"]).describe('"oldest-first" or "newest-first"').optional();

type Method = "getMessages" | "append" | "entries" | "getPage" | "update" | "delete" | "deleteFrom" | "fork";

const schemas: Readonly<Record<Method, z.ZodObject>> = {
  getMessages: z.strictObject({ maxMessages, signal }),
  append: z.strictObject({ ids: entryIds, ttlSeconds, signal }),
  entries: z.strictObject({ order, after: entryId, before: entryId, limit, signal }),
  getPage: z.strictObject({ limit: limit.unwrap(), before: entryId, after: entryId }),
  update: z.strictObject({ id: entryId.unwrap() }),
  delete: z.strictObject({ ids: entryIds.unwrap() }),
  deleteFrom: z.strictObject({ id: entryId.unwrap() }),
  fork: z.strictObject({ through: entryId }),
};

/** Throws `INVALID_OPTION` for an argument that the method does not take. */
export function checkArguments(method: Method, value: unknown): void {
  validate(schemas[method], value);
  if (method === "getPage") checkOneCursor(value);
}

function checkOneCursor(value: unknown): void {
  const { before, after }: { before?: unknown; after?: unknown } = Object(value);
  if (before === undefined || after === undefined) return;
  throw invalidOption("after", "only one of before and after", "both");
}

export function checkMessages(messages: unknown): void {
  if (!Array.isArray(messages)) throw invalidOption("messages", "an array of messages", describeValue(messages));
}

/** Core takes a list of content blocks as well. */
export function checkText(text: unknown): void {
  if (typeof text === "string" || Array.isArray(text)) return;
  throw invalidOption("message", "a string", describeValue(text));
}

export function checkIds(ids: readonly string[] | undefined, messages: number): void {
  if (ids === undefined) return;
  const expected = "as many timeuuids as messages, in ascending order (the `ids` of the failed attempt)";
  if (ids.length !== messages) throw invalidOption("ids", expected, `${ids.length} ids for ${messages} messages`);
  const unordered = ids.find((id, at) => at > 0 && compareIds(ids[at - 1] ?? id, id) >= 0);
  if (unordered !== undefined) throw invalidOption("ids", expected, `${unordered} after one that is not less`);
}
