import { isTooLarge, isWriteLevelRefused } from "./driver-errors.ts";
import { explainFailure, nameFailure, shownCause, sizeLimit } from "./explanations.ts";
import { CassandraHistoryError } from "./history-error.ts";
import { NOTHING_SENT } from "./setup-errors.ts";

/*
 * What a failed request becomes. Each function takes whatever was thrown on the way to the driver or by it. An error of this
 * library passes as it is: it has been decided already.
 */

/** The table could not be looked at or made: nothing of the call itself was sent. */
export function setupFailed(cause: unknown): CassandraHistoryError {
  if (cause instanceof CassandraHistoryError) return cause;
  return new CassandraHistoryError(
    "SETUP_FAILED",
    `Setting up the table failed (${nameFailure(cause)}). ${explainFailure(cause, "queryOptions")}. ${NOTHING_SENT}`,
    { cause: shownCause(cause) },
  );
}

/** A request failed since the table was dropped, or made anew with other columns, after the library had looked at it. */
export function tableChanged(setupError: CassandraHistoryError): CassandraHistoryError {
  const inUse =
    "It was changed while it was in use: what the server refused took no effect. The next call looks again.";
  const { cause } = setupError;
  return new CassandraHistoryError("SETUP_FAILED", setupError.message.replace(NOTHING_SENT, inUse), { cause });
}

export function readFailed(cause: unknown): CassandraHistoryError {
  if (cause instanceof CassandraHistoryError) return cause;
  return new CassandraHistoryError(
    "READ_FAILED",
    `Reading the messages failed (${nameFailure(cause)}). ${explainFailure(cause, "readOptions")}; reading again is safe.`,
    { cause: shownCause(cause) },
  );
}

/** The entries of a user's sessions could not be read. */
export function sessionsReadFailed(cause: unknown): CassandraHistoryError {
  if (cause instanceof CassandraHistoryError) return cause;
  return new CassandraHistoryError(
    "READ_FAILED",
    `Reading the sessions failed (${nameFailure(cause)}). ${explainFailure(cause, "readOptions")}; the same call can be made again.`,
    { cause: shownCause(cause) },
  );
}

/** What was being written. */
export interface FailedWrite {
  readonly ids: readonly string[];
  /** Those of `ids` that are known to be stored. */
  readonly written: readonly string[];
  /** UTF-8 bytes of the largest text. */
  readonly largest: number;
}

/** The entry of the session of a user could not be read or written. Never leaves the library: `addFailed` makes the error. */
export class RecordFailure extends Error {
  /** Whether the messages of the batch are stored. If not, none was sent. */
  readonly isStored: boolean;

  constructor(cause: unknown, isStored: boolean) {
    super("The session's entry could not be kept.", { cause });
    this.isStored = isStored;
  }
}

/** An add failed. */
export function addFailed(failure: unknown, { ids, written, largest }: FailedWrite): CassandraHistoryError {
  const cause = failure instanceof RecordFailure ? failure.cause : failure;
  if (written.length === 0) {
    if (cause instanceof CassandraHistoryError) return cause;
    if (isTooLarge(cause)) return tooLarge(cause, ids, largest);
    if (isWriteLevelRefused(cause)) return levelRefused(cause, ids);
  }
  if (failure instanceof RecordFailure) return recordFailed(cause, ids, written);
  const own = cause instanceof CassandraHistoryError;
  const again = "o try again without storing a message twice, pass the error's `ids` to append.";
  return new CassandraHistoryError(
    "WRITE_FAILED",
    `Writing ${ids.length} message(s) failed (${own ? cause.code : nameFailure(cause)}). Known to be stored: ${written.length}; ` +
      "the others may or may not be. " +
      // A text of the library may end with a statement.
      (own ? `T${again} ${cause.message}` : `${explainFailure(cause, "writeOptions")}; t${again}`),
    { cause: shownCause(cause), ids: [...ids], written: [...written] },
  );
}

/** The entry that lists the session among its user's could not be read or written. */
function recordFailed(cause: unknown, ids: readonly string[], written: readonly string[]): CassandraHistoryError {
  return new CassandraHistoryError(
    "WRITE_FAILED",
    `The entry that lists the session could not be kept (${nameFailure(cause)}). Stored of the ${ids.length} message(s): ` +
      `${written.length}; the others were not sent. ${explainFailure(cause, "readOptions", "writeOptions")}; to try again without ` +
      "storing a message twice, pass the error's `ids` to append.",
    { cause: shownCause(cause), ids: [...ids], written: [...written] },
  );
}

/** An edit failed: update, delete, deleteFrom, clear or fork. */
export function editFailed(cause: unknown, ids: readonly string[] = [], largest = 0): CassandraHistoryError {
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

/** An add has to come after the session's newest message, and that could not be read. */
export function lookFailed(cause: unknown): CassandraHistoryError {
  if (cause instanceof CassandraHistoryError) return cause;
  return new CassandraHistoryError(
    "WRITE_FAILED",
    `Nothing was written: the session's newest message, after which this one has to come, could not be read ` +
      `(${nameFailure(cause)}). ${explainFailure(cause, "readOptions")}; the same call can be made again.`,
    { cause: shownCause(cause), written: [] },
  );
}

/** A write has no time, because no source of time is sane. Nothing of it was sent. */
export function noTime(): CassandraHistoryError {
  return new CassandraHistoryError(
    "WRITE_FAILED",
    "The clock of this process tells no time: expected `Date.now()`, `new Date().getTime()`, or the sum of `performance.timeOrigin` and " +
      "`performance.now()` to be milliseconds since 1970, before the year 2223; got none that is. Restore them where a test has replaced " +
      "them, and call again.",
    { written: [] },
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

function tooLarge(cause: unknown, ids: readonly string[], largest: number): CassandraHistoryError {
  const limit = sizeLimit(cause);
  return new CassandraHistoryError(
    "MESSAGE_TOO_LARGE",
    `Too large for the server, which takes ${limit === undefined ? "less" : `at most ${limit} bytes`} in one write (16 MiB by ` +
      `default): the largest message of the call has ${largest} bytes. Nothing of the call was written. Store what is large ` +
      "elsewhere, and a reference to it in the message.",
    { cause, ids: [...ids], written: [] },
  );
}
