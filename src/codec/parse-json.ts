import { codecError } from "./codec-error.ts";
import { isRecord } from "./record.ts";
import { needsSurvey, Survey } from "./survey.ts";

/**
 * `JSON.parse`, which also takes the bare `NaN`, `Infinity` and `-Infinity` that Python's `json.dumps` writes. Throws a
 * TypeError for a text that would take too long to parse.
 */
export function parseJson(text: string): unknown {
  if (!needsSurvey(text)) {
    try {
      return JSON.parse(text);
    } catch {
      // It may hold one of these words.
    }
  }
  const words = new Survey(text).readWords();
  return words.length === 0 ? JSON.parse(text) : parseWithWords(text, words);
}

/**
 * Each word becomes a string of the same length, filled with a character that the text does not have. `JSON.parse` then
 * reads the text, and refuses it wherever no value may stand. Then each of these strings becomes its number.
 */
function parseWithWords(text: string, words: readonly number[]): unknown {
  const filler = unusedCharacter(text);
  const characters = Buffer.from(text, "utf16le");
  for (const at of words) {
    const isInfinity = text[at] === "I";
    const start = isInfinity && text[at - 1] === "-" ? at - 1 : at;
    const end = at + (isInfinity ? INFINITY_LENGTH : NAN_LENGTH) - 1;
    for (let inner = start + 1; inner < end; inner += 1) characters.writeUInt16LE(filler, 2 * inner);
    for (const quote of [start, end]) characters.writeUInt16LE(QUOTE, 2 * quote);
  }
  return restoreWords(JSON.parse(characters.toString("utf16le")), filler);
}

const QUOTE = 0x22;
const NAN_LENGTH = "NaN".length;
const INFINITY_LENGTH = "Infinity".length;
const NUMBERS_BY_LENGTH: ReadonlyMap<number, number> = new Map([
  [NAN_LENGTH - 2, Number.NaN],
  [INFINITY_LENGTH - 2, Number.POSITIVE_INFINITY],
  [INFINITY_LENGTH - 1, Number.NEGATIVE_INFINITY],
]);

/** Unicode keeps these code points for a program's own use. No text that is interchanged has them, let alone all four. */
const NONCHARACTERS = [0xfdd0, 0xfdd1, 0xfdd2, 0xfdd3] as const;

/** A character that stands nowhere in the text, escaped or not. */
function unusedCharacter(text: string): number {
  const unused = NONCHARACTERS.find((code) => {
    const escaped = new RegExp(`\\\\u${code.toString(16)}`, "i");
    return !text.includes(String.fromCharCode(code)) && !escaped.test(text);
  });
  if (unused === undefined) throw codecError("Expected a text without the noncharacters U+FDD0 to U+FDD3 beside NaN.");
  return unused;
}

/** The value itself, changed in place: nobody else has what was just parsed. */
function restoreWords(value: unknown, filler: number): unknown {
  if (typeof value === "string") {
    return value.charCodeAt(0) === filler ? NUMBERS_BY_LENGTH.get(value.length) : value;
  }
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length; at += 1) value[at] = restoreWords(value[at], filler);
  } else if (isRecord(value)) {
    for (const key in value) {
      if (key.charCodeAt(0) === filler) throw codecError("Expected a string as the key of an object.");
      value[key] = restoreWords(value[key], filler);
    }
  }
  return value;
}
