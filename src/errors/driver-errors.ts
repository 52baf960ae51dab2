/** Cassandra's error codes that mean something to this library (native protocol v4, section 9). */
export const SERVER = {
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

/** An error of any realm and of any copy of the driver, so not by `instanceof`. */
export function isError(value: unknown): value is { readonly message: string } {
  if (typeof value !== "object" || value === null || !("message" in value && "stack" in value)) return false;
  return typeof value.message === "string" && typeof value.stack === "string";
}

export function textOf(error: unknown): string {
  return isError(error) ? error.message : "";
}

/** The error itself; another one in its place where reading it throws, since whoever looks at it would fail. */
export function readable(error: unknown): unknown {
  try {
    for (const one of [error, ...innerErrors(error)])
      for (const look of [serverCode, driverClass, isNotEncoded]) look(one);
    return error;
  } catch {
    return new Error("The client failed with an error that cannot be read.");
  }
}

/** The error code that the server answered with, where it did answer. */
export function serverCode(error: unknown): number | undefined {
  return isError(error) && "code" in error && typeof error.code === "number" ? error.code : undefined;
}

export function serverRefused(error: unknown, code: number, pattern: RegExp): boolean {
  return serverCode(error) === code && pattern.test(textOf(error));
}

/** The driver's `NoHostAvailableError`: every node that it tried failed. */
export function isNoHostAvailable(error: unknown): error is { readonly innerErrors: unknown } {
  return isError(error) && "innerErrors" in error;
}

export function innerErrors(error: unknown): unknown[] {
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
  return /table id mismatch/i.test(textOf(error));
}

/**
 * Cassandra up to 3.11 says "unconfigured table", later ones "table … does not exist". At the moment of the drop a node meets an
 * error of its own: "Unknown CF …" (`Keyspace.getColumnFamilyStore`, 5.0).
 */
export function isTableMissing(error: unknown): boolean {
  return (
    serverRefused(error, SERVER.invalid, /unconfigured table|table \S+ does not exist/i) ||
    serverRefused(error, SERVER.internal, /unknown cf/i) ||
    lostItsStatement(error)
  );
}

/**
 * Every node answered "unprepared" even after the driver prepared again: the driver hides the reason, and that reason
 * is a table that has been dropped.
 */
function lostItsStatement(error: unknown): boolean {
  return innerErrors(error).some((one) => serverCode(one) === SERVER.unprepared);
}

/** Refusals that do not come from the table's columns: the request's size, its consistency, its expiry. */
const WRONG_REQUEST = /oversized mutation|request is too big|consistency|serializable|\bttl\b|expiration/i;

/**
 * The error of a request on a table that may have been changed since the library looked at it: dropped, or made anew with other
 * columns.
 */
export function mayBeChangedTable(error: unknown): boolean {
  if (isTableMissing(error) || isNotEncoded(error)) return true;
  return isInvalidRequest(error) && !WRONG_REQUEST.test(textOf(error));
}

/** What the driver's numbers say of a text that is none (long.js, and cassandra-driver's `types/integer.js`). */
const NO_NUMBER = /^(interior hyphen|empty string|number format error)/;

/**
 * The driver could not encode a value as the type of its column, and quotes the value. It keeps the columns of a statement's
 * first table by the statement's text. `BigInt` throws a SyntaxError.
 */
export function isNotEncoded(error: unknown): boolean {
  if (!isError(error) || !("name" in error)) return false;
  return error.name === "TypeError" || error.name === "SyntaxError" || NO_NUMBER.test(error.message);
}

/** The server met an error of its own: a node that has not opened a new table yet says "Unknown CF" so. */
export function isInternal(error: unknown): boolean {
  return serverCode(error) === SERVER.internal;
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
    (isError(error) && ("isSocketError" in error || driverClass(error) === "OperationTimedOutError"))
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

export function driverClass(error: unknown): DriverClass | undefined {
  const info = isError(error) && "info" in error ? error.info : undefined;
  return typeof info === "string" ? DRIVER_CLASSES.find(([, begin]) => info.startsWith(begin))?.[0] : undefined;
}

/** No connection had room for the request, on the nodes that are up. The driver sent nothing. */
export function isConnectionBusy(error: unknown): boolean {
  const errors = isNoHostAvailable(error) ? innerErrors(error) : [error];
  return errors.some(isBusy) && errors.every((one) => isBusy(one) || isNotConnected(one));
}

function isBusy(error: unknown): boolean {
  return driverClass(error) === "BusyConnectionError";
}

/** The driver reports a node that is down as a string, and a node to which all connections are lost as a plain Error. */
function isNotConnected(error: unknown): boolean {
  return typeof error === "string" || textOf(error) === "No connection available";
}

/** The driver passes over nodes that its load balancing ignores, and then knows of no error of theirs. */
export function isIgnoredNode(error: unknown): boolean {
  return isNoHostAvailable(error) && innerErrors(error).length === 0;
}

export function isLoginFailure(error: unknown): boolean {
  const isOne = (one: unknown): boolean =>
    driverClass(one) === "AuthenticationError" || serverCode(one) === SERVER.badCredentials;
  return isOne(error) || innerErrors(error).some(isOne);
}
