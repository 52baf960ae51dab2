import { randomUUID } from "node:crypto";

/**
 * What Python's `json.dumps` writes for numbers that JSON does not have, and the strings that have to be passed over: each
 * to its end or the text's, so that nothing is looked at twice.
 */
const STRING_OR_NUMBER_WORD = /"[^"\\]*(?:\\[\s\S][^"\\]*)*(?:"|$)|-?\bInfinity\b|\bNaN\b/g;

/** `JSON.parse`, which also takes the bare `NaN`, `Infinity` and `-Infinity` that Python writes. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return parseNumberWords(text);
  }
}

function parseNumberWords(text: string): unknown {
  // A key that the text cannot hold, escaped or not, so that nothing else is taken for a number.
  const key = randomUUID();
  const json = text.replace(STRING_OR_NUMBER_WORD, (word) => (word[0] === '"' ? word : `{"${key}":"${word}"}`));
  return JSON.parse(json, (_, value: unknown) => {
    const word: unknown = typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
    return typeof word === "string" ? Number(word) : value;
  });
}
