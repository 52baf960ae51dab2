import { defaultToolCallParser } from "@langchain/core/messages/tool";
import { codecError } from "./codec-error.ts";
import { isRecord, type StoredFields } from "./record.ts";

/** More than any model makes at once. V8 takes some microseconds for a call whose arguments are not JSON. */
const MOST_CALLS = 10_000;
/** Characters in the arguments of all calls together. So many take up to 0.3 s to parse, whatever they hold. */
const LONGEST_ARGUMENTS = 1 << 20;

/**
 * Calls in a provider's own form, as core parses them: the calls whose arguments are JSON, and the others. Throws a
 * TypeError where that could take too long.
 */
export function parseProviderCalls(raw: readonly unknown[]): ReturnType<typeof defaultToolCallParser> {
  if (raw.length > MOST_CALLS) throw codecError(`Expected at most ${MOST_CALLS} calls in the provider's own form.`);
  const calls = raw.filter(isRecord);
  const length = calls.reduce((sum, call) => sum + lengthOfArguments(call), 0);
  if (length > LONGEST_ARGUMENTS) throw codecError("Expected shorter arguments of calls in the provider's own form.");
  return defaultToolCallParser(calls);
}

function lengthOfArguments({ function: called }: StoredFields): number {
  const given = isRecord(called) ? called["arguments"] : undefined;
  if (typeof given === "string") return given.length;
  // Core parses an object or a list as the string that it makes of it, which may be long and deep.
  if (typeof given === "object" && given !== null) throw codecError("Expected the arguments of a call to be a text.");
  return 0;
}
