import { types } from "node:util";

/**
 * What came in place of what was expected. Numbers and booleans are shown. Of a string only the length is shown: where
 * arguments are swapped, the string is a message or a password.
 */
export function describeValue(value: unknown): string {
  if (typeof value === "number" || typeof value === "boolean") return `${value} (a ${typeof value})`;
  return describeKind(value);
}

/** What came, without any of its content, which may be a credential or a message. */
export function describeKind(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (typeof value === "string") return value === "" ? "an empty string" : `a string of ${value.length} characters`;
  if (typeof value !== "object") return `a ${typeof value}`;
  // Not the name of its class: the caller's object says that name. To look at a proxy may throw.
  if (types.isProxy(value) || !Array.isArray(value)) return "an object";
  return `an array of ${value.length}`;
}
