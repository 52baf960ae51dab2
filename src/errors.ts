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
 * The only error class that the library throws, aside from the reason of an aborted `signal`.
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

/** Cassandra's error codes that mean something to this library (native protocol v4, section 9). */
const SERVER = { unauthorized: 0x2100, invalid: 0x2200, alreadyExists: 0x2400, unprepared: 0x2500 } as const;

/** The error code that the server answered with, where it did answer. */
function serverCode(error: unknown): number | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "number" ? error.code : undefined;
}

function serverRefused(error: unknown, code: number, pattern: RegExp): boolean {
  return serverCode(error) === code && pattern.test(String(error));
}

/** The server knows the statement to be wrong for it, so that nothing of the request was written. */
export function isRefused(error: unknown): boolean {
  return serverCode(error) === SERVER.invalid;
}

export function isUnauthorized(error: unknown): boolean {
  return serverCode(error) === SERVER.unauthorized;
}

export function isAlreadyExists(error: unknown): boolean {
  return serverCode(error) === SERVER.alreadyExists;
}

/** Cassandra up to 3.11 says "unconfigured table", later ones "table … does not exist". */
export function isTableMissing(error: unknown): boolean {
  return (
    serverRefused(error, SERVER.invalid, /unconfigured table|table \S+ does not exist/i) || lostItsStatement(error)
  );
}

/** Larger than `max_mutation_size` (16 MiB on a default server), or than one request may be. */
export function isTooLarge(error: unknown): boolean {
  return serverRefused(error, SERVER.invalid, /oversized mutation|request is too big/i);
}

/** Astra DB takes no write at ANY, ONE or LOCAL_ONE, and Cassandra has a guardrail for it; nothing is written then. */
function isLevelRefused(error: unknown): boolean {
  return serverRefused(error, SERVER.invalid, /not allowed for write consistency level/i);
}

/**
 * Every node answered "unprepared" even after the driver prepared again: the driver hides the reason, and that reason
 * is a table that has been dropped.
 */
function lostItsStatement(error: unknown): boolean {
  if (!(error instanceof Error && "innerErrors" in error)) return false;
  const inner = Object.values(error.innerErrors ?? {});
  return inner.some((one) => serverCode(one) === SERVER.unprepared);
}

/** What the driver's error is, without its text: that names hosts, and can quote values. */
function nameFailure(cause: unknown): string {
  const code = serverCode(cause);
  const name = cause instanceof Error ? cause.name : typeof cause;
  return code === undefined ? name : `${name} 0x${code.toString(16)}`;
}

const SEE_CAUSE = "See the driver's error in `cause`";

/** Errors of this library pass as they are. */
export function readFailed(cause: unknown): unknown {
  if (cause instanceof CassandraHistoryError) return cause;
  return new CassandraHistoryError(
    "READ_FAILED",
    `Reading the messages failed (${nameFailure(cause)}). ${SEE_CAUSE}; reading again is safe.`,
    { cause },
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
  if (isLevelRefused(cause) && written.length === 0) return levelRefused(cause, ids);
  return new CassandraHistoryError(
    "WRITE_FAILED",
    `Writing ${ids.length} message(s) failed (${nameFailure(cause)}). Known to be stored: ${written.length}; the others may or ` +
      `may not be. ${SEE_CAUSE}; to try again without storing a message twice, pass the error's \`ids\` to append.`,
    { cause, ids: [...ids], written: [...written] },
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
  if (isLevelRefused(cause)) return levelRefused(cause, ids);
  return new CassandraHistoryError(
    "WRITE_FAILED",
    `The change failed (${nameFailure(cause)}): it may or may not have taken effect. ${SEE_CAUSE}; the same call can be made again.`,
    { cause, ids: [...ids], written: [] },
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
    `Looking for the table failed (${nameFailure(cause)}). ${SEE_CAUSE}; the next call tries again.`,
    { cause },
  );
}
