import type { z } from "zod";
import { describeValue } from "../errors/describe.ts";
import { invalidOption } from "../errors/refusals.ts";
import { compareIds } from "../ids/timeuuid.ts";
import type { WindowStart } from "./history-options.ts";
import {
  entryId,
  idList,
  maxMessages,
  oneOf,
  optionsObject,
  signal,
  ttlSeconds,
  whole,
  windowStart,
} from "./schemas.ts";
import { readArgument, validate } from "./validation.ts";

/** In which order entries come. */
export type EntryOrder = "oldest-first" | "newest-first";

/** What `getMessages` takes. */
export interface GetMessagesOptions {
  /** How many of the newest messages to return. @defaultValue the history's `maxMessages` */
  readonly maxMessages?: number | undefined;
  /** Where the window begins. @defaultValue the history's `windowStart` */
  readonly windowStart?: WindowStart | undefined;
  /** Ends the call with the signal's reason. What was not sent by then is not sent. */
  readonly signal?: AbortSignal | undefined;
}

/** What `append` takes. */
export interface AppendOptions {
  /**
   * The `ids` of a failed attempt, to try again without storing a message twice: as many as messages, in ascending order. A
   * message that was deleted in between is then back, and an update that was made in between is undone. You may also make the
   * ids yourself (timeuuids of now), so that you can try again after a `signal` ended the call.
   */
  readonly ids?: readonly string[] | undefined;
  /** Expiry of these messages, in seconds. @defaultValue the history's `ttlSeconds` */
  readonly ttlSeconds?: number | undefined;
  /** Ends the call with the signal's reason. What was sent by then may be stored; the rest is not sent. */
  readonly signal?: AbortSignal | undefined;
}

/** What `entries` takes. */
export interface EntriesOptions {
  /** In which order the entries come. @defaultValue `"oldest-first"` */
  readonly order?: EntryOrder | undefined;
  /** Only entries newer than the one of this id. */
  readonly after?: string | undefined;
  /** Only entries older than the one of this id. */
  readonly before?: string | undefined;
  /** As many entries at most. @defaultValue all */
  readonly limit?: number | undefined;
  /** Ends the iteration with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** What `getPage` takes: at most one of `before` and `after`. */
export interface PageOptions {
  /** As many entries at most. */
  readonly limit: number;
  /** The newest entries older than this id: a page's `older`. Without this and `after`, the newest entries. */
  readonly before?: string | undefined;
  /** The oldest entries newer than this id: a page's `newer`. */
  readonly after?: string | undefined;
  /** Ends the call with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** What `fork` takes. */
export interface ForkOptions {
  /** The id of the last entry to be copied. @defaultValue the newest */
  readonly through?: string | undefined;
  /** Ends the call with the signal's reason. What was sent by then is in the copy. */
  readonly signal?: AbortSignal | undefined;
}

/** What the other long calls take: `count`, `update`, `delete`, `deleteFrom` and `clear`. */
export interface CallOptions {
  /** Ends the call with the signal's reason. A change that was sent by then may have taken effect; the rest is not sent. */
  readonly signal?: AbortSignal | undefined;
}

const limit = whole(1, Number.MAX_SAFE_INTEGER, "a whole number from 1 on");

type Method =
  | "getMessages"
  | "append"
  | "entries"
  | "getPage"
  | "count"
  | "update"
  | "delete"
  | "deleteFrom"
  | "clear"
  | "fork";

const schemas: Readonly<Record<Method, z.ZodObject>> = {
  getMessages: optionsObject({ maxMessages, windowStart, signal }),
  append: optionsObject({ ids: idList, ttlSeconds, signal }),
  entries: optionsObject({
    order: oneOf("oldest-first", "newest-first"),
    after: entryId,
    before: entryId,
    limit,
    signal,
  }),
  getPage: optionsObject({ limit: limit.unwrap(), before: entryId, after: entryId, signal }),
  count: optionsObject({ signal }),
  update: optionsObject({ id: entryId.unwrap(), signal }),
  delete: optionsObject({ ids: idList.unwrap(), signal }),
  deleteFrom: optionsObject({ id: entryId.unwrap(), signal }),
  clear: optionsObject({ signal }),
  fork: optionsObject({ through: entryId, signal }),
};

/**
 * The arguments as they were read, once. Throws `INVALID_OPTION` for one that the method does not take.
 *
 * @param named - arguments that stand before the options in the call, by their names
 */
export function checkArguments<Options, Named extends object = object>(
  method: Method,
  given: Options,
  named?: Named,
): Options & Named {
  const isWrong = typeof given !== "object" || given === null;
  const options = isWrong ? given : readArgument("options", () => ({ ...given, ...named }));
  const checked = validate(schemas[method], options as Options & Named);
  if (method === "getPage") checkOneCursor(checked);
  return checked;
}

function checkOneCursor(value: unknown): void {
  const { before, after }: { before?: unknown; after?: unknown } = Object(value);
  if (before === undefined || after === undefined) return;
  throw invalidOption("after", "only one of before and after", "both");
}

/** The messages as they are at the call, holes included. Throws `INVALID_OPTION` for what is no array that can be read. */
export function copyMessages(messages: unknown): readonly unknown[] {
  const copy = readArgument("messages", () => (Array.isArray(messages) ? Array.from<unknown>(messages) : undefined));
  if (copy !== undefined) return copy;
  throw invalidOption("messages", "an array of messages", describeValue(messages));
}

/** Core takes a list of content blocks as well. */
export function checkText(text: string): string {
  if (typeof text === "string" || Array.isArray(text)) return text;
  throw invalidOption("message", "a string", describeValue(text));
}

export function checkIds(ids: readonly string[] | undefined, messages: number): void {
  if (ids === undefined) return;
  const expected = "as many timeuuids as messages, in ascending order (the `ids` of the failed attempt)";
  if (ids.length !== messages) throw invalidOption("ids", expected, `${ids.length} ids for ${messages} messages`);
  const unordered = ids.find((id, at) => at > 0 && compareIds(ids[at - 1] ?? id, id) >= 0);
  if (unordered !== undefined) throw invalidOption("ids", expected, `${unordered} after one that is not less`);
}
