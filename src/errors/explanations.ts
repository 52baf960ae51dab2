import {
  driverClass,
  innerErrors,
  isError,
  isLoginFailure,
  isNoHostAvailable,
  isNotEncoded,
  isUnauthorized,
  SERVER,
  serverCode,
  serverRefused,
  textOf,
} from "./driver-errors.ts";

/*
 * What the driver's errors say to a reader. Their own texts name hosts and users, and can quote values: none is shown.
 */

/** The driver's error, to be the cause of ours; undefined where its text names the client's user or quotes what was written. */
export function shownCause(error: unknown): unknown {
  const tells = (one: unknown): boolean => isLoginFailure(one) || isUnauthorized(one) || isNotEncoded(one);
  return [error, ...innerErrors(error)].some(tells) ? undefined : error;
}

/** Which error it is, without its text, which names hosts and can quote values. */
export function nameFailure(cause: unknown): string {
  const code = serverCode(cause);
  if (code !== undefined) return `ResponseError 0x${code.toString(16)}`;
  return driverClass(cause) ?? (isError(cause) ? "Error" : typeof cause);
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
  const all = [cause, ...innerErrors(cause)];
  const refusal = all.find(isUnauthorized);
  if (refusal !== undefined) return `${describeMissingPermission(refusal)}: have it granted`;
  if (serverRefused(cause, SERVER.invalid, /consistency|serializable/i)) {
    return `The server refuses this consistency: set another by \`consistency\` in ${named}`;
  }
  if (all.some((one) => serverCode(one) === SERVER.unavailable)) {
    return `Too few replicas are up for the consistency, which is the client's own or that of ${named}`;
  }
  if (isNoHostAvailable(cause) && /after shutdown/i.test(textOf(cause))) {
    return "The client was shut down: use one that is open";
  }
  if (all.some(isNotEncoded)) return "The driver could not encode a value as the type that it takes the column for";
  const what = isNoHostAvailable(cause) ? "No node could take the request; see" : "See";
  return `${what} the driver's error in \`cause\``;
}

/** Names the permission and the resource, not the user: "User app has no SELECT permission on <table app.t> or any …". */
export function describeMissingPermission(error: unknown): string {
  const [, permission, resource] = /no (\w+) permission on <?([^>]*?)(?:>| or any)/.exec(textOf(error)) ?? [];
  if (permission === undefined) return "The client's role lacks a permission";
  return `The client's role lacks the permission ${permission} on ${resource}`;
}

/** "Request is too big: length A exceeds maximum allowed length B", or "Rejected an oversized mutation (A/B) …". */
const SIZE_LIMIT = /allowed length (\d+)|\(\d+\/(\d+)\)/;

/** The bytes that the server takes in one write, as a refusal of a larger one tells them. */
export function sizeLimit(error: unknown): string | undefined {
  const [, request, mutation] = SIZE_LIMIT.exec(textOf(error)) ?? [];
  return request ?? mutation;
}
