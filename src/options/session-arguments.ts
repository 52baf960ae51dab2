import type { z } from "zod";
import { MAX_LIST_LIMIT, MAX_TITLE_BYTES } from "./limits.ts";
import { custom, entryId, flag, type OptionSchema, optionsObject, signal, whole } from "./schemas.ts";
import { validate } from "./validation.ts";

/** What JSON can hold. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** Metadata as it is given: a value of null removes its key. */
export type SessionMetadata = Readonly<Record<string, JsonValue>>;

/** What `list` takes. */
export interface ListSessionsOptions {
  /** As many sessions at most, 1 to 1,000. @defaultValue 50 */
  readonly limit?: number | undefined;
  /** The `next` of the page before. */
  readonly after?: string | undefined;
  /** Which sessions: archived ones, others, or both. @defaultValue `false` */
  readonly archived?: boolean | "any" | undefined;
  /** Which sessions: pinned ones, others, or both. @defaultValue `"any"` */
  readonly pinned?: boolean | "any" | undefined;
}

/** What `create` takes. */
export interface CreateSessionOptions {
  /** @defaultValue a random UUID */
  readonly sessionId?: string | undefined;
  /** At most 4 KiB of UTF-8. */
  readonly title?: string | undefined;
  /** At most 64 KiB, keys and JSON texts. */
  readonly metadata?: SessionMetadata | undefined;
  readonly pinned?: boolean | undefined;
}

/** What `update` takes. What is left out stays as it is. */
export interface SessionChanges {
  /** At most 4 KiB of UTF-8; null removes the title. */
  readonly title?: string | null | undefined;
  readonly pinned?: boolean | undefined;
  readonly archived?: boolean | undefined;
  /** Merged key by key: a value of null removes its key. At most 64 KiB in the end, keys and JSON texts. */
  readonly metadata?: SessionMetadata | undefined;
}

/** What `deleteAll` takes. */
export interface DeleteAllOptions {
  /** Is told after each session how many are deleted. What it throws ends the call. */
  readonly onProgress?: ((progress: { readonly done: number }) => void) | undefined;
  /** Ends the call with the signal's reason. The same call goes on from there. */
  readonly signal?: AbortSignal | undefined;
}

/** What `fork` of a session takes. */
export interface ForkSessionOptions {
  /** The id of the last entry to be copied. @defaultValue the newest */
  readonly through?: string | undefined;
  /** The copy's id: of no session that is there. @defaultValue a random UUID */
  readonly sessionId?: string | undefined;
  /** At most 4 KiB of UTF-8. @defaultValue the source's */
  readonly title?: string | undefined;
}

/** What `adopt` takes. */
export interface AdoptSessionOptions {
  /** The session's id. @defaultValue the id from which it is adopted */
  readonly sessionId?: string | undefined;
  /** At most 4 KiB of UTF-8. */
  readonly title?: string | undefined;
  /** At most 64 KiB, keys and JSON texts. */
  readonly metadata?: SessionMetadata | undefined;
}

const choice = custom((value) => typeof value === "boolean" || value === "any", 'true, false or "any"');
const text = custom((value) => typeof value === "string", "a string");
const titleMeaning = `a well-formed string of at most ${MAX_TITLE_BYTES} UTF-8 bytes`;
const title = custom(isTitle, titleMeaning);
const metadata = custom((value) => typeof value === "object" && value !== null, "an object of JSON values");
// Ids are checked where the key is made of them.
const sessionId: OptionSchema = custom(() => true, "a string");

const schemas: Readonly<Record<SessionsMethod, z.ZodObject>> = {
  list: optionsObject({
    limit: whole(1, MAX_LIST_LIMIT, "a whole number from 1 to 1,000"),
    after: text,
    archived: choice,
    pinned: choice,
  }),
  create: optionsObject({ sessionId, title, metadata, pinned: flag }),
  update: optionsObject({
    title: custom((value) => value === null || isTitle(value), `${titleMeaning}, or null`),
    pinned: flag,
    archived: flag,
    metadata,
  }),
  deleteAll: optionsObject({
    onProgress: custom((value) => typeof value === "function", "a function"),
    signal,
  }),
  fork: optionsObject({ through: entryId, sessionId, title }),
  adopt: optionsObject({ sessionId, title, metadata }),
};

type SessionsMethod = "list" | "create" | "update" | "deleteAll" | "fork" | "adopt";

/** The arguments as they were read, once. Throws `INVALID_OPTION` for one that the method does not take. */
export function checkSessionArguments<Arguments>(method: SessionsMethod, given: Arguments): Arguments {
  return validate(schemas[method], given);
}

function isTitle(value: unknown): boolean {
  return typeof value === "string" && value.isWellFormed() && Buffer.byteLength(value) <= MAX_TITLE_BYTES;
}
