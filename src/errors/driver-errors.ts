/** Cassandra's error codes that mean something to this library (native protocol v4, section 9). */
const SERVER = {
  internal: 0x0000,
  unavailable: 0x1000,
  unauthorized: 0x2100,
  invalid: 0x2200,
  alreadyExists: 0x2400,
  unprepared: 0x2500,
} as const;
/** From here on, a code says that the statement is wrong for this server, and will be wrong again. */
const FIRST_REFUSAL = 0x2000;

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

/** The server knows the statement to be wrong for it, so that nothing of the request was written. */
export function isRefused(error: unknown): boolean {
  return serverCode(error) === SERVER.invalid;
}

/** The server answered that it will not do this, now or later. */
export function isRefusal(error: unknown): boolean {
  return (serverCode(error) ?? 0) >= FIRST_REFUSAL;
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
  if (code !== undefined) return code < FIRST_REFUSAL;
  return isNoHostAvailable(error) || (error instanceof Error && ("isSocketError" in error || isTimeout(error)));
}

function isTimeout(error: Error): boolean {
  return error.name === "OperationTimedOutError";
}

/** The driver passes over nodes that its load balancing ignores, and then knows of no error of theirs. */
export function isIgnoredNode(error: unknown): boolean {
  return isNoHostAvailable(error) && innerErrors(error).length === 0;
}

function isLoginFailure(error: unknown): boolean {
  const isOne = (one: unknown): boolean => one instanceof Error && one.name === "AuthenticationError";
  return isOne(error) || innerErrors(error).some(isOne);
}

/** The driver's error as the cause of ours; left out where it names the client's user. */
export function shownCause(error: unknown): unknown {
  return isLoginFailure(error) || isUnauthorized(error) ? undefined : error;
}

/** What the driver's error is, without its text: that names hosts, and can quote values. */
export function nameFailure(cause: unknown): string {
  const code = serverCode(cause);
  const name = cause instanceof Error ? cause.name : typeof cause;
  return code === undefined ? name : `${name} 0x${code.toString(16)}`;
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
