import { codecError } from "./codec-error.ts";

/** A text of up to 1 Mi characters is read in 0.3 s whatever it holds, and needs no survey. */
const LONGEST_WITHOUT_SURVEY = 1 << 20;

/**
 * The most work that a text may cause, so that it is read within 1 to 2 s of CPU. A unit is about 0.35 µs: `JSON.parse` takes that
 * for one list or object of a large text, on a slow machine. A text of 16 MiB, which a server takes, could cause five times more.
 */
const MOST_UNITS = 1_500_000;
/** V8 enters each new short string in a table. */
const UNITS_OF_NEW_STRING = 1;
/** V8 describes the layout of an object for each new key, and for keys that it knows in a new order. */
const UNITS_OF_NEW_LAYOUT = 3;
/** V8 keeps the values of keys such as "10" apart from the others, once an object has one. */
const UNITS_OF_INDICES = 2;
/** A field of a message is copied, and set on an object that has to be reorganised for so many. */
const UNITS_OF_FIELD = 12;

/** The depth of the fields of a message in a row: `{"data": {"field": …}}`. */
const DEPTH_OF_FIELDS = 2;

/** A string is known again by a hash of at most so many bits. Two strings with one hash count as one. */
const MOST_HASH_BITS = 23;
/** The multiplier of the hash FNV-1a. */
const FNV_PRIME = 16_777_619;

/** 4,294,967,294 is the largest index. */
const LONGEST_INDEX = 10;
const ZERO = 0x30;
const NINE = 0x39;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;
const OPENING_BRACKET = 0x5b;
const CLOSING_BRACKET = 0x5d;
const CAPITAL_N = 0x4e;
const CAPITAL_I = 0x49;

export function needsSurvey(text: string): boolean {
  return text.length > LONGEST_WITHOUT_SURVEY;
}

/** Throws a TypeError for a text of JSON that would take too long to read. */
export function checkReadable(text: string): void {
  if (needsSurvey(text)) new Survey(text).readWords();
}

/** Looks through a text, at some nanoseconds a character, before it is parsed: nothing can stop `JSON.parse`. */
export class Survey {
  readonly #text: string;
  #units = 0;
  /** Of the last string. */
  #hash = 0;
  #isIndex = false;
  /** For each object that is open, a hash of its keys so far. The lowest bit tells whether one of them is an index. */
  readonly #layouts: number[] = [];
  readonly #hashBits: number;
  readonly #seen: Uint8Array;

  /** @param text - JSON or not */
  constructor(text: string) {
    this.#text = text;
    this.#hashBits = Math.max(1, Math.min(MOST_HASH_BITS, 33 - Math.clz32(text.length)));
    this.#seen = new Uint8Array(1 << this.#hashBits);
  }

  /** The places of `NaN` and `Infinity` outside of strings. Throws a TypeError where it would take too long to parse the text. */
  readWords(): number[] {
    const text = this.#text;
    const words: number[] = [];
    for (let at = 0; at < text.length; at += 1) {
      switch (text.charCodeAt(at)) {
        case QUOTE:
          at = this.#readString(at + 1);
          break;
        case COLON:
          this.#countKey();
          break;
        case OPENING_BRACE:
        case OPENING_BRACKET:
          this.#layouts.push(0);
          this.#count(1);
          break;
        case CLOSING_BRACE:
        case CLOSING_BRACKET:
          this.#layouts.pop();
          break;
        case CAPITAL_N:
        case CAPITAL_I:
          if (text.startsWith("NaN", at) || text.startsWith("Infinity", at)) words.push(at);
          break;
      }
    }
    return words;
  }

  /** At once: the text may be nothing but opening brackets. */
  #count(units: number): void {
    this.#units += units;
    if (this.#units > MOST_UNITS)
      throw codecError("Expected fewer objects, lists, and different keys in so long a row.");
  }

  #countKey(): void {
    const depth = this.#layouts.length;
    if (depth <= DEPTH_OF_FIELDS) this.#count(UNITS_OF_FIELD);
    else this.#countLayout(depth);
  }

  #countLayout(depth: number): void {
    const layout = this.#layouts[depth - 1] ?? 0;
    const hasIndices = layout & 1;
    if (this.#isIndex) {
      if (!hasIndices) this.#count(UNITS_OF_INDICES);
      this.#layouts[depth - 1] = layout | 1;
      return;
    }
    const next = Math.imul(layout ^ this.#hash, FNV_PRIME);
    if (this.#isNew(next)) this.#count(UNITS_OF_NEW_LAYOUT);
    this.#layouts[depth - 1] = (next & ~1) | hasIndices;
  }

  /** Where the string ends that begins here. */
  #readString(start: number): number {
    const text = this.#text;
    let hash = 0;
    let at = start;
    for (; at < text.length; at += 1) {
      let code = text.charCodeAt(at);
      if (code === QUOTE) break;
      // The character after a backslash ends no string.
      if (code === BACKSLASH) {
        at += 1;
        code = text.charCodeAt(at);
      }
      hash = Math.imul(hash ^ code, FNV_PRIME);
    }
    if (this.#isNew(hash)) this.#count(UNITS_OF_NEW_STRING);
    this.#hash = hash;
    this.#isIndex = isIndex(text, start, at);
    return at;
  }

  #isNew(hash: number): boolean {
    const slot = hash >>> (32 - this.#hashBits);
    if (this.#seen[slot] === 1) return false;
    this.#seen[slot] = 1;
    return true;
  }
}

/** Whether this part of the text is a key such as `10`. A few that are too large count as indices as well. */
function isIndex(text: string, start: number, end: number): boolean {
  const length = end - start;
  if (length === 0 || length > LONGEST_INDEX || (length > 1 && text.charCodeAt(start) === ZERO)) return false;
  for (let at = start; at < end; at += 1) {
    const code = text.charCodeAt(at);
    if (code < ZERO || code > NINE) return false;
  }
  return true;
}
