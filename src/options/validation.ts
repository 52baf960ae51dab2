import { z } from "zod";
import { CassandraHistoryError } from "../errors/history-error.ts";

/**
 * Throws `INVALID_OPTION` for the first option that is wrong; its schema's description is what was expected, and every
 * option has one.
 */
export function validate(schema: z.ZodObject, value: unknown): void {
  const issue = schema.safeParse(value).error?.issues[0];
  if (issue === undefined) return;
  const path = issue.path.map(String);
  if (issue.code === "unrecognized_keys") throw unknownOption(schema, path, issue.keys[0] ?? "");
  const expected = schemaAt(schema, path)?.description;
  const came = describeValue(path.reduce<unknown>((inner, key) => Reflect.get(Object(inner), key), value));
  if (expected === undefined) throw invalidOption("options", "an object", came);
  throw invalidOption(path.join("."), expected, came);
}

export function invalidOption(option: string, expected: string, came: string): CassandraHistoryError {
  return new CassandraHistoryError("INVALID_OPTION", `Invalid option "${option}": expected ${expected}, got ${came}.`);
}

function unknownOption(schema: z.ZodObject, path: readonly string[], key: string): CassandraHistoryError {
  const object = schemaAt(schema, path);
  const known = object instanceof z.ZodObject ? Object.keys(object.shape) : [];
  const option = [...path, key].join(".");
  return invalidOption(option, `one of the options ${known.join(", ")}`, "an unknown one (is it misspelled?)");
}

function schemaAt(schema: z.ZodType, path: readonly string[]): z.ZodType | undefined {
  let found: z.ZodType | undefined = schema;
  for (const key of path) {
    const field: z.ZodType | undefined = found instanceof z.ZodObject ? found.shape[key] : undefined;
    found = field && unwrap(field);
  }
  return found;
}

function unwrap(schema: z.core.$ZodType): z.ZodType {
  const inner = schema instanceof z.ZodOptional ? schema.unwrap() : schema;
  if (inner instanceof z.ZodType) return inner;
  throw new TypeError("Expected a schema of zod's classic interface.");
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
