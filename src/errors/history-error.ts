import { explainFailure, isTooLarge, isWriteLevelRefused, nameFailure, shownCause } from "./driver-errors.ts";

/** What went wrong, as a stable word that a program can compare. */
export type CassandraHistoryErrorCode =
  | "INVALID_OPTION"
  | "INVALID_MESSAGE"
  | "MESSAGE_TOO_LARGE"
  | "CORRUPT_ROW"
  | "NOT_FOUND"
  | "SETUP_FAILED"
  | "READ_FAILED"
  | "WRITE_FAILED";

/** What an error carries beside its code and text. */
export interface CassandraHistoryErrorDetails {
  readonly cause?: unknown;
  readonly sessionId?: string;
  readonly id?: string;
  readonly ids?: readonly string[];
  readonly written?: readonly string[];
}

/**
 * The only error class that the library throws; what the application's own parts throw passes as it is: the reason of an
 * aborted `signal`, and the errors of `onCorruptRow` and of a function that opens an agent's history.
 *
 * Its text says what was expected, what came and what to do. Neither the text nor a field shows a credential or what a
 * chat message says; hosts appear only in the driver's own error, which is the `cause`.
 */
export class CassandraHistoryError extends Error {
  readonly code: CassandraHistoryErrorCode;
  /** The session concerned, with `CORRUPT_ROW` and `NOT_FOUND`. */
  declare readonly sessionId?: string;
  /** The entry concerned, with `CORRUPT_ROW` and `NOT_FOUND`. */
  declare readonly id?: string;
  /** The ids of the failed call, with `WRITE_FAILED` and `MESSAGE_TOO_LARGE`: after an add, `append` takes them to try again. */
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

/** Errors of this library pass as they are. */
export function readFailed(cause: unknown): unknown {
  if (cause instanceof CassandraHistoryError) return cause;
  return new CassandraHistoryError(
    "READ_FAILED",
    `Reading the messages failed (${nameFailure(cause)}). ${explainFailure(cause, "readOptions")}; reading again is safe.`,
    { cause: shownCause(cause) },
  );
}

/** What was being written. */
export interface FailedWrite {
  readonly ids: readonly string[];
  /** Those of `ids` that are known to be stored. */
  readonly written: readonly string[];
  /** Bytes of the largest text. */
  readonly largest: number;
}

/** Errors of this library pass as they are. */
export function writeFailed(cause: unknown, { ids, written, largest }: FailedWrite): unknown {
  if (cause instanceof CassandraHistoryError) return cause;
  if (isTooLarge(cause) && written.length === 0) return tooLarge(cause, ids, largest);
  if (isWriteLevelRefused(cause) && written.length === 0) return levelRefused(cause, ids);
  return new CassandraHistoryError(
    "WRITE_FAILED",
    `Writing ${ids.length} message(s) failed (${nameFailure(cause)}). Known to be stored: ${written.length}; the others may or ` +
      `may not be. ${explainFailure(cause, "writeOptions")}; to try again without storing a message twice, pass the error's ` +
      "`ids` to append.",
    { cause: shownCause(cause), ids: [...ids], written: [...written] },
  );
}

function levelRefused(cause: unknown, ids: readonly string[]): CassandraHistoryError {
  return new CassandraHistoryError(
    "WRITE_FAILED",
    `The server takes no write at this consistency (${nameFailure(cause)}; Astra DB takes none at ANY, ONE or LOCAL_ONE). Nothing was ` +
      "written. Set `consistency: types.consistencies.localQuorum`, of cassandra-driver, in `writeOptions` or in the client's " +
      "`queryOptions`.",
    { cause, ids: [...ids], written: [] },
  );
}

/** "Request is too big: length A exceeds maximum allowed length B", or "Rejected an oversized mutation (A/B) …". */
const SIZE_LIMIT = /allowed length (\d+)|\(\d+\/(\d+)\)/;

function tooLarge(cause: unknown, ids: readonly string[], largest: number): CassandraHistoryError {
  const [, request, mutation] = SIZE_LIMIT.exec(String(cause)) ?? [];
  const limit = request ?? mutation;
  return new CassandraHistoryError(
    "MESSAGE_TOO_LARGE",
    `Too large for the server, which takes ${limit === undefined ? "less" : `at most ${limit} bytes`} in one write (16 MiB by ` +
      `default): the largest message of the call has ${largest} bytes. Nothing of the call was written. Store what is large ` +
      "elsewhere, and a reference to it in the message.",
    { cause, ids: [...ids], written: [] },
  );
}

/** Errors of this library pass as they are. */
export function editFailed(cause: unknown, ids: readonly string[] = [], largest = 0): unknown {
  if (cause instanceof CassandraHistoryError) return cause;
  if (isTooLarge(cause)) return tooLarge(cause, ids, largest);
  if (isWriteLevelRefused(cause)) return levelRefused(cause, ids);
  return new CassandraHistoryError(
    "WRITE_FAILED",
    `The change failed (${nameFailure(cause)}): it may or may not have taken effect. ${explainFailure(cause, "readOptions", "writeOptions")}; ` +
      "the same call can be made again.",
    { cause: shownCause(cause), ids: [...ids], written: [] },
  );
}

export function notFound(sessionId: string, id: string): CassandraHistoryError {
  return new CassandraHistoryError(
    "NOT_FOUND",
    `Expected an entry ${id} in session ${JSON.stringify(sessionId)}, found none: it was never there, was deleted or has expired.`,
    { sessionId, id },
  );
}

/** Errors of this library pass as they are. */
export function setupFailed(cause: unknown): unknown {
  if (cause instanceof CassandraHistoryError) return cause;
  return new CassandraHistoryError(
    "SETUP_FAILED",
    `Setting up the table failed (${nameFailure(cause)}). ${explainFailure(cause, "queryOptions")}; the next call tries again.`,
    { cause: shownCause(cause) },
  );
}
