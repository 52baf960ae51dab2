/** Cassandra's error codes that mean something to this library (native protocol v4, section 9). */
const SERVER = {
  internal: 0x0000,
  badCredentials: 0x0100,
  unavailable: 0x1000,
  unauthorized: 0x2100,
  invalid: 0x2200,
  alreadyExists: 0x2400,
  unprepared: 0x2500,
} as const;
/** Codes from here on say that the server will not do this, now or later. */
const FIRST_PERMANENT = 0x2000;

/** The error code that the server answered with, where it did answer. */
function serverCode(error: unknown): number | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "number" ? error.code : undefined;
}

function serverRefused(error: unknown, code: number, pattern: RegExp): boolean {
  return serverCode(error) === code && pattern.test(String(error));
}

/** The driver's `NoHostAvailableError`: every node that it tried failed. */
function isNoHostAvailable(error: unknown): error is Error & { readonly innerErrors: unknown } {
  return error instanceof Error && "innerErrors" in error;
}

function innerErrors(error: unknown): unknown[] {
  return isNoHostAvailable(error) ? Object.values(error.innerErrors ?? {}) : [];
}

/** The server calls the statement wrong. Nothing of the request was written. */
export function isInvalidRequest(error: unknown): boolean {
  return serverCode(error) === SERVER.invalid;
}

/** The server answered that it will not do this, now or later. */
export function isPermanent(error: unknown): boolean {
  return (serverCode(error) ?? 0) >= FIRST_PERMANENT;
}

export function isUnauthorized(error: unknown): boolean {
  return serverCode(error) === SERVER.unauthorized;
}

export function isAlreadyExists(error: unknown): boolean {
  return serverCode(error) === SERVER.alreadyExists;
}

/** Two nodes have made the table, each under an id of its own (`TableMetadata.validateCompatibility`, 5.0). */
export function isTableIdMismatch(error: unknown): boolean {
  return error instanceof Error && /table id mismatch/i.test(error.message);
}

/** Cassandra up to 3.11 says "unconfigured table", later ones "table … does not exist". */
export function isTableMissing(error: unknown): boolean {
  return (
    serverRefused(error, SERVER.invalid, /unconfigured table|table \S+ does not exist/i) || lostItsStatement(error)
  );
}

/**
 * Every node answered "unprepared" even after the driver prepared again: the driver hides the reason, and that reason
 * is a table that has been dropped.
 */
function lostItsStatement(error: unknown): boolean {
  return innerErrors(error).some((one) => serverCode(one) === SERVER.unprepared);
}

/** The server met an error of its own: a node that has not opened a new table yet says "Unknown CF" so. */
export function isInternal(error: unknown): boolean {
  return serverCode(error) === SERVER.internal;
}

/** "Request is too big: length A exceeds maximum allowed length B", or "Rejected an oversized mutation (A/B) …". */
const SIZE_LIMIT = /allowed length (\d+)|\(\d+\/(\d+)\)/;

/** The bytes that the server takes in one write, as a refusal of a larger one tells them. */
export function sizeLimit(error: unknown): string | undefined {
  const [, request, mutation] = SIZE_LIMIT.exec(String(error)) ?? [];
  return request ?? mutation;
}

/** Larger than `max_mutation_size` (16 MiB on a default server), or than one request may be. */
export function isTooLarge(error: unknown): boolean {
  return serverRefused(error, SERVER.invalid, /oversized mutation|request is too big/i);
}

/** Astra DB takes no write at ANY, ONE or LOCAL_ONE, and Cassandra has a guardrail for it; nothing is written then. */
export function isWriteLevelRefused(error: unknown): boolean {
  return serverRefused(error, SERVER.invalid, /not allowed for write consistency level/i);
}

/** The nodes did not answer, or could not do it now: the same request may succeed later. */
export function isTransient(error: unknown): boolean {
  const code = serverCode(error);
  if (code !== undefined) return code < FIRST_PERMANENT;
  return (
    isNoHostAvailable(error) ||
    (error instanceof Error && ("isSocketError" in error || driverClass(error) === "OperationTimedOutError"))
  );
}

/**
 * The driver's own classes, by the beginning of the `info` that each of their errors carries (cassandra-driver 4.7 to 4.10,
 * lib/errors.js). Bundlers change the names of classes, and an application may have another copy of the driver.
 */
const DRIVER_CLASSES = [
  ["AuthenticationError", "Represents an authentication error"],
  ["BusyConnectionError", "Represents a client-side error indicating that all connections to a certain host"],
  ["NoHostAvailableError", "Represents an error when a query cannot be performed because no host"],
  ["OperationTimedOutError", "Represents a client-side error that is raised when the client did not hear back"],
] as const;

type DriverClass = (typeof DRIVER_CLASSES)[number][0];

function driverClass(error: unknown): DriverClass | undefined {
  const info = error instanceof Error && "info" in error ? error.info : undefined;
  return typeof info === "string" ? DRIVER_CLASSES.find(([, begin]) => info.startsWith(begin))?.[0] : undefined;
}

/** No connection had room for the request. The driver sent nothing. */
export function isConnectionBusy(error: unknown): boolean {
  const errors = isNoHostAvailable(error) ? innerErrors(error) : [error];
  return errors.length > 0 && errors.every((one) => driverClass(one) === "BusyConnectionError");
}

/** The driver passes over nodes that its load balancing ignores, and then knows of no error of theirs. */
export function isIgnoredNode(error: unknown): boolean {
  return isNoHostAvailable(error) && innerErrors(error).length === 0;
}

function isLoginFailure(error: unknown): boolean {
  const isOne = (one: unknown): boolean =>
    driverClass(one) === "AuthenticationError" || serverCode(one) === SERVER.badCredentials;
  return isOne(error) || innerErrors(error).some(isOne);
}

/** The driver's error, to be the cause of ours; undefined where its text names the client's user. */
export function withoutUserName(error: unknown): unknown {
  return isLoginFailure(error) || isUnauthorized(error) ? undefined : error;
}

/** Which error it is, without its text, which names hosts and can quote values. */
export function nameFailure(cause: unknown): string {
  const code = serverCode(cause);
  if (code !== undefined) return `ResponseError 0x${code.toString(16)}`;
  return driverClass(cause) ?? (cause instanceof Error ? "Error" : typeof cause);
}

/**
 * What the driver's error means and what can be done about it, where that is known.
 *
 * @param options - which options the request was sent with
 */
export function explainFailure(
  cause: unknown,
  ...options: ("readOptions" | "writeOptions" | "queryOptions")[]
): string {
  const named = options.map((name) => `\`${name}\``).join(" or ");
  if (isLoginFailure(cause)) {
    return "The cluster refused the login: the client's credentials are wrong, or missing where the cluster asks for them";
  }
  if (isUnauthorized(cause)) return `${describeMissingPermission(cause)}: have it granted`;
  if (serverRefused(cause, SERVER.invalid, /consistency|serializable/i)) {
    return `The server refuses this consistency: set another by \`consistency\` in ${named}`;
  }
  if ([cause, ...innerErrors(cause)].some((one) => serverCode(one) === SERVER.unavailable)) {
    return `Too few replicas are up for the consistency, which is the client's own or that of ${named}`;
  }
  const what = isNoHostAvailable(cause) ? "No node could take the request; see" : "See";
  return `${what} the driver's error in \`cause\``;
}

/** "User app has no SELECT permission on <table app.message_store> or any of its parents": all but the user. */
export function describeMissingPermission(error: unknown): string {
  const [, permission, resource] = /no (\w+) permission on <?([^>]*?)(?:>| or any)/.exec(String(error)) ?? [];
  if (permission === undefined) return "The client's role lacks a permission";
  return `The client's role lacks the permission ${permission} on ${resource}`;
}
