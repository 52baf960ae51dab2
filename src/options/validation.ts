import type { z } from "zod";
import { describeValue } from "../errors/describe.ts";
import type { CassandraHistoryError } from "../errors/history-error.ts";
import { invalidOption } from "../errors/refusals.ts";

/**
 * The options as they were read, once: a getter cannot give another value later. Throws `INVALID_OPTION` for the first option
 * that is wrong, and where reading one throws.
 */
export function validate<Options>(schema: z.ZodObject, options: Options): Options {
  const { data, error } = parse(schema, options);
  const issue = error?.issues[0];
  // The schema has just said that it is of this type.
  if (issue === undefined) return data as Options;
  throw wrongOption(issue);
}

function parse(schema: z.ZodObject, options: unknown): z.ZodSafeParseResult<unknown> {
  try {
    return schema.safeParse(options, { reportInput: true });
  } catch {
    // The error is left out: it is the caller's own, and may say anything.
    throw invalidOption("options", "an object whose fields can be read", "one that throws");
  }
}

function wrongOption(issue: z.core.$ZodIssue): CassandraHistoryError {
  if (issue.code === "unrecognized_keys") {
    const option = [...issue.path, issue.keys[0]].join(".");
    return invalidOption(option, issue.message, "an unknown one (is it misspelled?)");
  }
  return invalidOption(issue.path.join(".") || "options", issue.message, describeValue(issue.input));
}
