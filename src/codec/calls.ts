import { codecError } from "./codec-error.ts";
import { isRecord, type StoredFields } from "./record.ts";

/** The two lists of calls. Of each, the keys that Python requires in every call: `null` stands where the value is absent. */
export const CALL_KEYS: ReadonlyMap<string, readonly string[]> = new Map([
  ["tool_calls", ["id"]],
  ["invalid_tool_calls", ["id", "name", "args", "error"]],
]);

/**
 * The calls as a list of their own; undefined where there are none. Throws a TypeError for what is no list of objects: core's
 * classes and the adapters of model providers read the fields of every call without a look.
 */
export function expectCalls(key: string, value: unknown): StoredFields[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value)) throw notCalls(key);
  const calls: StoredFields[] = [];
  // By index: that visits holes, and runs no iterator that the caller may have replaced.
  for (let at = 0; at < value.length; at += 1) {
    const call: unknown = value[at];
    if (!isRecord(call) || typeof call["toJSON"] === "function") throw notCalls(key);
    calls.push(call);
  }
  return calls;
}

function notCalls(key: string): TypeError {
  return codecError(`Expected ${key} to be a list of objects.`);
}

/** Nulls that stand for an absent value become undefined, in place. Throws a TypeError for what is no list of objects. */
export function readCalls(fields: StoredFields): void {
  for (const [key, names] of CALL_KEYS) {
    const calls = fields[key];
    // Most messages have none: nothing is looked up for them.
    if (Array.isArray(calls) && calls.length === 0) continue;
    for (const call of expectCalls(key, calls) ?? []) {
      for (const name of names) if (call[name] === null) call[name] = undefined;
    }
  }
}
