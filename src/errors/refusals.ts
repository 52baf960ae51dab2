import { CassandraHistoryError } from "./history-error.ts";

/** An option or argument that the library does not take. */
export function invalidOption(option: string, expected: string, came: string): CassandraHistoryError {
  return new CassandraHistoryError("INVALID_OPTION", `Invalid option "${option}": expected ${expected}, got ${came}.`);
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
