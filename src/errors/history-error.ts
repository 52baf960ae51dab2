/** What went wrong, as a stable word that a program can compare. */
export type CassandraHistoryErrorCode =
  /** An option or argument is wrong. Nothing was sent. */
  | "INVALID_OPTION"
  /** A value is no message, or it cannot be stored. Nothing of the call was written. */
  | "INVALID_MESSAGE"
  /** A message is larger than the server takes. Nothing of the call was written. */
  | "MESSAGE_TOO_LARGE"
  /** A row holds no message that the codec can decode. */
  | "CORRUPT_ROW"
  /** There is no such entry. */
  | "NOT_FOUND"
  /** The table could not be looked at or made. Nothing of the call was sent. */
  | "SETUP_FAILED"
  /** A read failed. */
  | "READ_FAILED"
  /** A write failed. It may or may not have taken effect. */
  | "WRITE_FAILED";

/** What an error carries beside its code and its text. */
export interface CassandraHistoryErrorDetails {
  /** The driver's error, where it shows no user name. */
  readonly cause?: unknown;
  /** The session concerned. */
  readonly sessionId?: string;
  /** The entry concerned. */
  readonly id?: string;
  /** The ids of the failed call. */
  readonly ids?: readonly string[];
  /** Those of `ids` that are known to be stored. */
  readonly written?: readonly string[];
}

/**
 * The only error class that the library throws.
 *
 * Its text says what was expected, what came, and what to do next. Neither the text nor a field shows a credential or the text
 * of a chat message. Host names appear only in the driver's own error, which is the `cause`.
 *
 * Two kinds of errors are not of this class, since they are the application's own: the reason of an aborted `signal`, and what
 * a function of the application throws (`onCorruptRow`, or the function that opens an agent's history).
 *
 * @example
 * ```ts
 * try {
 *   await history.addMessages(turn);
 * } catch (error) {
 *   if (!(error instanceof CassandraHistoryError) || error.code !== "WRITE_FAILED") throw error;
 *   await history.append(turn, { ids: error.ids }); // stores nothing twice
 * }
 * ```
 */
export class CassandraHistoryError extends Error {
  /** What went wrong. */
  readonly code: CassandraHistoryErrorCode;
  /** The session concerned, with `CORRUPT_ROW` and `NOT_FOUND`. */
  declare readonly sessionId?: string;
  /** The entry concerned, with `CORRUPT_ROW` and `NOT_FOUND`. */
  declare readonly id?: string;
  /**
   * The ids of the failed call, with `WRITE_FAILED` and `MESSAGE_TOO_LARGE`. After an add, pass them to `append` to try again.
   * Absent where nothing was sent because the messages could not be given ids.
   */
  declare readonly ids?: readonly string[];
  /** Those of `ids` that are known to be stored. */
  declare readonly written?: readonly string[];

  constructor(code: CassandraHistoryErrorCode, message: string, details: CassandraHistoryErrorDetails = {}) {
    const { cause, ...fields } = details;
    super(message, cause === undefined ? undefined : { cause });
    this.name = "CassandraHistoryError";
    this.code = code;
    Object.assign(this, fields);
  }
}
