import { CassandraHistoryError } from "./history-error.ts";

/** An option or argument that the library does not take. */
export function invalidOption(option: string, expected: string, came: string): CassandraHistoryError {
  return new CassandraHistoryError("INVALID_OPTION", `Invalid option "${option}": expected ${expected}, got ${came}.`);
}

/** `fork` of a history that `CassandraChatSessions` opened: a target by its bare id could be another user's. */
export function forkRefused(): CassandraHistoryError {
  return new CassandraHistoryError(
    "INVALID_OPTION",
    "This history is one of a user's sessions: expected its copy to be made by `fork` of CassandraChatSessions, which makes it a " +
      "session of the same user; got a call of the history's own `fork`. Nothing was copied.",
  );
}

/**
 * @param position - of the message in the call, from 0
 * @param cause - why it cannot be encoded, where that shows nothing of the message
 */
export function invalidMessage(position: number, why: string, cause?: unknown): CassandraHistoryError {
  return new CassandraHistoryError(
    "INVALID_MESSAGE",
    `Invalid message at position ${position} of the call: ${why}. Nothing of the call was written.`,
    { cause },
  );
}

export function notFound(sessionId: string, id: string): CassandraHistoryError {
  return new CassandraHistoryError(
    "NOT_FOUND",
    `Expected an entry ${id} in session ${JSON.stringify(sessionId)}, found none: it was never there, was deleted or has expired.`,
    { sessionId, id },
  );
}

/** @param cause - why the row cannot be decoded, where that shows no text of the row */
export function corruptRow(sessionId: string, id: string, cause: unknown): CassandraHistoryError {
  return new CassandraHistoryError(
    "CORRUPT_ROW",
    `The row ${id} of session ${JSON.stringify(sessionId)} holds no message that the codec can decode. ` +
      'Read on without it by onCorruptRow: "skip" or a function, or remove it with delete([id]).',
    { sessionId, id, cause },
  );
}

/** A user's session that is not there. The user is not named. */
export function sessionNotFound(sessionId: string): CassandraHistoryError {
  return new CassandraHistoryError(
    "NOT_FOUND",
    `Expected a session ${JSON.stringify(sessionId)} of this user, found none: it was never there, was deleted or has expired.`,
    { sessionId },
  );
}

/** `adopt` found no message under this session id. */
export function nothingToAdopt(sessionId: string): CassandraHistoryError {
  return new CassandraHistoryError(
    "NOT_FOUND",
    `Expected messages in session ${JSON.stringify(sessionId)}, found none: nothing was copied.`,
    { sessionId },
  );
}

/** The metadata of a session's entry is no JSON: another writer stored it. */
export function corruptEntry(sessionId: string): CassandraHistoryError {
  return new CassandraHistoryError(
    "CORRUPT_ROW",
    `The entry of session ${JSON.stringify(sessionId)} has metadata that is no JSON. Set or remove its keys with \`update\`, or delete ` +
      "the session.",
    { sessionId },
  );
}
