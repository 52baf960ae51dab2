import { describeValue } from "../errors/describe.ts";
import { invalidOption } from "../errors/refusals.ts";
import { MAX_SESSION_ID_BYTES } from "../options/limits.ts";

/**
 * The session id under which a user's session is stored in the message table: `JSON.stringify([userId, sessionId])`. Two
 * different pairs have two different keys, whatever the ids are.
 *
 * @throws `INVALID_OPTION` where an id is empty or not well-formed, or the key has more than 65,535 bytes of UTF-8
 * @example `chatSessionKey("ada", "trip")` is `'["ada","trip"]'`
 */
export function chatSessionKey(userId: string, sessionId: string): string {
  checkId("userId", userId);
  checkId("sessionId", sessionId);
  const key = JSON.stringify([userId, sessionId]);
  // No character has more than three bytes a UTF-16 unit.
  if (key.length * 3 <= MAX_SESSION_ID_BYTES || Buffer.byteLength(key) <= MAX_SESSION_ID_BYTES) return key;
  const expected = `a user and a session whose ids, as JSON, have at most ${MAX_SESSION_ID_BYTES} UTF-8 bytes together`;
  throw invalidOption("sessionId", expected, `${Buffer.byteLength(key)} bytes`);
}

/** Whether a session id of the message table is the key of some user's session. */
export function isChatSessionKey(sessionId: string): boolean {
  try {
    const ids: unknown = JSON.parse(sessionId);
    if (!Array.isArray(ids) || ids.length !== 2) return false;
    const [userId, own]: unknown[] = ids;
    return isId(userId) && isId(own) && JSON.stringify([userId, own]) === sessionId;
  } catch {
    return false;
  }
}

export function checkId(option: string, id: unknown): void {
  if (isId(id)) return;
  const got = typeof id === "string" && id !== "" ? "a string with lone surrogates" : describeValue(id);
  throw invalidOption(option, "a well-formed string that is not empty", got);
}

function isId(id: unknown): id is string {
  return typeof id === "string" && id !== "" && id.isWellFormed();
}
