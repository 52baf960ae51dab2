import { z } from "zod";
import { CassandraHistoryError } from "./errors.ts";

/** Throws `INVALID_OPTION` for the first option that is wrong; its schema's description is what was expected. */
export function validate(schema: z.ZodObject, value: unknown): void {
  const issue = schema.safeParse(value).error?.issues[0];
  if (issue === undefined) return;
  const path = issue.path.map(String);
  if (issue.code === "unrecognized_keys") throw unknownOption(schema, path, issue.keys[0] ?? "");
  const { option, expected } = nearestDescription(schema, path);
  throw invalidOption(option, expected, describeValue(path.reduce(property, value)));
}

export function invalidOption(option: string, expected: string, came: string): CassandraHistoryError {
  return new CassandraHistoryError("INVALID_OPTION", `Invalid option "${option}": expected ${expected}, got ${came}.`);
}

function unknownOption(schema: z.ZodObject, path: readonly string[], key: string): CassandraHistoryError {
  const known = Object.keys(objectAt(schema, path)?.shape ?? {});
  const option = [...path, key].join(".");
  return invalidOption(option, `one of the options ${known.join(", ")}`, "an unknown one (is it misspelled?)");
}

/** An element of an array has no description of its own: the array's then speaks for it. */
function nearestDescription(schema: z.ZodObject, path: readonly string[]): { option: string; expected: string } {
  for (let length = path.length; length > 0; length -= 1) {
    const field = objectAt(schema, path.slice(0, length - 1))?.shape[path[length - 1] ?? ""];
    const expected = field === undefined ? undefined : unwrap(field).description;
    if (expected !== undefined) return { option: path.slice(0, length).join("."), expected };
  }
  return { option: "options", expected: "an object" };
}

function objectAt(schema: z.ZodObject, path: readonly string[]): z.ZodObject | undefined {
  let object: z.ZodObject | undefined = schema;
  for (const key of path) {
    const field: z.ZodType | undefined = object?.shape[key];
    const inner: z.ZodType | undefined = field && unwrap(field);
    object = inner instanceof z.ZodObject ? inner : undefined;
  }
  return object;
}

function unwrap(schema: z.core.$ZodType): z.ZodType {
  const inner = schema instanceof z.ZodOptional ? schema.unwrap() : schema;
  if (inner instanceof z.ZodType) return inner;
  throw new TypeError("Expected a schema of zod's classic interface.");
}

function property(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
}

/** What came. Of a string only its length: where arguments are swapped, it is a message, or holds a password. */
export function describeValue(value: unknown): string {
  if (typeof value === "number" || typeof value === "boolean") return `${value} (a ${typeof value})`;
  return describeKind(value);
}

/** What came, without anything of its content: that may be a credential or a message. */
export function describeKind(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (typeof value === "string") return value === "" ? "an empty string" : `a string of ${value.length} characters`;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === "object") return `an object (${value.constructor?.name ?? "without a class"})`;
  return `a ${typeof value}`;
}
