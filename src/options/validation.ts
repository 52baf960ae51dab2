import type { z } from "zod";
import { describeValue } from "../errors/describe.ts";
import type { CassandraHistoryError } from "../errors/history-error.ts";
import { invalidOption } from "../errors/refusals.ts";

/**
 * The options as they were read, once: a getter cannot give another value later. Throws `INVALID_OPTION` for the first option
 * that is wrong, and where reading one throws.
 */
export function validate<Options>(schema: z.ZodObject, options: Options): Options {
  const { data, error } = readArgument("options", () => schema.safeParse(options, { reportInput: true }));
  const issue = error?.issues[0];
  // The schema has just said that it is of this type.
  if (issue === undefined) return data as Options;
  throw wrongOption(issue);
}

/** Reads a value of the caller's. An error of a getter or a proxy becomes `INVALID_OPTION` and is not shown: it may say anything. */
export function readArgument<Result>(option: string, read: () => Result): Result {
  try {
    return read();
  } catch {
    throw invalidOption(option, "values that can be read", "one that throws when it is read");
  }
}

function wrongOption(issue: z.core.$ZodIssue): CassandraHistoryError {
  if (issue.code === "unrecognized_keys") {
    const option = [...issue.path, issue.keys[0]].join(".");
    return invalidOption(option, issue.message, "an unknown one (is it misspelled?)");
  }
  return invalidOption(issue.path.join(".") || "options", issue.message, describeValue(issue.input));
}
