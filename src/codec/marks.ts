import { types } from "node:util";
import { readBigInt, writeBigInt } from "./big-integers.ts";
import { BINARY_KINDS, type BinaryKind, readBinary, reviveBinary } from "./binary.ts";
import { codecError } from "./codec-error.ts";
import { hasToJson, isMap, isSet } from "./kinds.ts";

/** Where a value stands: the keys and indices that lead to it. */
type Path = readonly (string | number)[];

/** A value that JSON cannot carry: where it stands, and what it is. What stands there in the JSON is its nearest form. */
export type Mark = readonly [path: Path, kind: MarkKind];

const OTHER_KINDS = ["undefined", "nan", "infinity", "-infinity", "-0", "bigint", "date", "map", "set"] as const;
type MarkKind = (typeof OTHER_KINDS)[number] | BinaryKind;
const KINDS: ReadonlyMap<unknown, MarkKind> = new Map([...OTHER_KINDS, ...BINARY_KINDS].map((kind) => [kind, kind]));

/** Putting a value back takes up to 2 µs: so many take 0.8 s. */
const MOST_MARKS = 400_000;
/** As many keys and indices as the paths of all marks may have together: a row of 16 MiB holds fewer. */
const MOST_STEPS = 10_000_000;

/**
 * A copy that `JSON.stringify` carries, and marks for what it changed, inner ones first. A Buffer is marked as bytes, a
 * hole as undefined. An object with `toJSON` becomes what that gives, any other instance a plain object of its own fields.
 * `JSON.stringify` leaves functions and symbols out. Throws a TypeError for a cycle and for too many marks.
 */
export function markValues(value: unknown): { readonly json: unknown; readonly marks: readonly Mark[] } {
  const marking = new Marking();
  return { json: marking.copy(value), marks: marking.marks };
}

function checkNumber(marks: readonly unknown[]): void {
  if (marks.length > MOST_MARKS) throw codecError(`Expected at most ${MOST_MARKS} values that JSON has no form for.`);
}

class Marking {
  readonly marks: Mark[] = [];
  #steps = 0;
  /** The way to the value that is being copied: its keys, and the objects on it. */
  readonly #path: (string | number)[] = [];
  readonly #ancestors = new Set<object>();

  copy(value: unknown): unknown {
    if (typeof value === "number") return this.#copyNumber(value);
    if (typeof value === "bigint") return this.#mark("bigint", writeBigInt(value));
    if (value === undefined) return this.#mark("undefined", undefined);
    if (typeof value !== "object" || value === null) return value;
    if (this.#ancestors.has(value)) {
      throw codecError("Expected a value without cycles: one of its objects holds itself.");
    }
    this.#ancestors.add(value);
    const copy = this.#copyObject(value);
    this.#ancestors.delete(value);
    return copy;
  }

  #copyNumber(value: number): unknown {
    if (Object.is(value, -0)) return this.#mark("-0", 0);
    if (Number.isNaN(value)) return this.#mark("nan", null);
    if (Number.isFinite(value)) return value;
    return this.#mark(value > 0 ? "infinity" : "-infinity", null);
  }

  #copyObject(value: object): unknown {
    if (Array.isArray(value) && !hasToJson(value)) return this.#copyArray(value);
    const binary = readBinary(value);
    if (binary !== undefined) return this.#mark(binary.kind, binary.base64);
    if (types.isDate(value)) return this.#mark("date", writeDate(value));
    if (isMap(value)) {
      const entries = [...value].map(([key, one]) => [key, one]);
      return this.#mark("map", this.#copyArray(entries));
    }
    if (isSet(value)) return this.#mark("set", this.#copyArray([...value]));
    if (hasToJson(value)) return this.copy(value.toJSON());
    return this.#copyFields(value);
  }

  /** By index, for the holes. Without a callback: each call on the way costs depth of nesting. */
  #copyArray(values: readonly unknown[]): unknown[] {
    const copy: unknown[] = [];
    for (let at = 0; at < values.length; at += 1) {
      this.#path.push(at);
      copy.push(this.copy(values[at]));
      this.#path.pop();
    }
    return copy;
  }

  #copyFields(value: object): object {
    // Without a prototype, so that a key named __proto__ is a key like any other.
    const copy: Record<string, unknown> = Object.create(null);
    for (const [key, field] of Object.entries(value)) {
      this.#path.push(key);
      copy[key] = this.copy(field);
      this.#path.pop();
    }
    return copy;
  }

  #mark(kind: MarkKind, stand: unknown): unknown {
    this.marks.push([[...this.#path], kind]);
    // At once: a list with holes may be as long as 4,294,967,295, and an endless one has no end.
    checkNumber(this.marks);
    this.#steps += this.#path.length;
    if (this.#steps > MOST_STEPS) throw codecError("Expected values that JSON has no form for to be less deep.");
    return stand;
  }
}

/** Its time, whatever a subclass makes of the methods; null for an invalid date. */
function writeDate(date: Date): string | null {
  const time = Date.prototype.getTime.call(date);
  return Number.isNaN(time) ? null : new Date(time).toISOString();
}

/** Puts back what `markValues` marked, in place. Throws a TypeError for a mark that the library cannot have written. */
export function restoreValues(root: object, marks: unknown): void {
  if (!Array.isArray(marks)) throw codecError("Expected a list of marks.");
  checkNumber(marks);
  for (const mark of marks) restoreValue(root, mark);
}

function restoreValue(root: object, mark: unknown): void {
  const [path, name]: unknown[] = Array.isArray(mark) ? mark : [];
  const kind = KINDS.get(name);
  if (!Array.isArray(path) || path.length === 0 || kind === undefined) throw codecError("Expected a path and a kind.");
  const holder = findHolder(root, path);
  const key: unknown = path.at(-1);
  if (typeof key !== "string" && typeof key !== "number") throw codecError("Expected a key or an index.");
  // A mark with a huge index would make the list that long.
  if (Array.isArray(holder) && !Object.hasOwn(holder, key)) throw codecError("Expected a place in the list.");
  const value = revive(kind, ownValue(holder, key));
  // Not by assignment, which would set the prototype for a key named __proto__.
  Object.defineProperty(holder, key, { value, writable: true, enumerable: true, configurable: true });
}

function findHolder(root: object, path: readonly unknown[]): object {
  let holder = root;
  for (let at = 0; at < path.length - 1; at += 1) {
    const inner = ownValue(holder, path[at]);
    if (typeof inner !== "object" || inner === null) throw codecError("Expected an object on the way to a mark.");
    holder = inner;
  }
  return holder;
}

function ownValue(holder: object, key: unknown): unknown {
  if (typeof key !== "string" && typeof key !== "number") throw codecError("Expected a key or an index.");
  return Object.hasOwn(holder, key) ? Reflect.get(holder, key) : undefined;
}

function revive(kind: MarkKind, stand: unknown): unknown {
  switch (kind) {
    case "undefined":
      return undefined;
    case "nan":
      return Number.NaN;
    case "infinity":
      return Number.POSITIVE_INFINITY;
    case "-infinity":
      return Number.NEGATIVE_INFINITY;
    case "-0":
      return -0;
    case "bigint":
      return readBigInt(expectString(stand));
    case "date":
      return new Date(typeof stand === "string" ? stand : Number.NaN);
    case "map":
      return readMap(expectArray(stand));
    case "set":
      return new Set(expectArray(stand));
    default:
      return reviveBinary(kind, expectString(stand));
  }
}

function readMap(entries: readonly unknown[]): Map<unknown, unknown> {
  const map = new Map<unknown, unknown>();
  for (const entry of entries) {
    // By index: destructuring costs several times as much.
    const pair = expectArray(entry);
    map.set(pair[0], pair[1]);
  }
  return map;
}

function expectString(value: unknown): string {
  if (typeof value !== "string") throw codecError("Expected a string.");
  return value;
}

function expectArray(value: unknown): unknown[] {
  if (!Array.isArray(value)) throw codecError("Expected an array.");
  return value;
}
