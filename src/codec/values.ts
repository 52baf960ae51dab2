import { BINARY_KINDS, type BinaryKind, readBinary, reviveBinary } from "./binary.ts";

/** Where a value stands: the keys and indices that lead to it. */
type Path = readonly (string | number)[];

/** A value that JSON cannot carry: where it stands, and what it is. What stands there in the JSON is its nearest form. */
export type Mark = readonly [path: Path, kind: MarkKind];

const OTHER_KINDS = ["undefined", "nan", "infinity", "-infinity", "-0", "bigint", "date", "map", "set"] as const;
const KINDS: readonly MarkKind[] = [...OTHER_KINDS, ...BINARY_KINDS];
type MarkKind = (typeof OTHER_KINDS)[number] | BinaryKind;

/** Deeper than this, `isJson` leaves the answer to `markValues`, which knows a cycle from depth. */
const DEPTH_WITHOUT_CYCLE_CHECK = 100;

/**
 * Whether `JSON.stringify` and `JSON.parse` give the value back as it is. Most messages are so, and one walk that
 * creates nothing tells it.
 */
export function isJson(value: unknown, depth = 0): boolean {
  switch (typeof value) {
    case "string":
    case "boolean":
      return true;
    case "number":
      return Number.isFinite(value) && !Object.is(value, -0);
    case "object":
      return value === null || (depth < DEPTH_WITHOUT_CYCLE_CHECK && isJsonObject(value, depth + 1));
    default:
      return false;
  }
}

function isJsonObject(value: object, depth: number): boolean {
  if (Array.isArray(value)) {
    // By index: `every` would pass over holes.
    for (let at = 0; at < value.length; at += 1) if (!isJson(value[at], depth)) return false;
    return true;
  }
  if (!isPlain(value)) return false;
  // An object with a plain prototype has own keys only, and `in` makes no list of them.
  for (const key in value) if (!isJson(value[key], depth)) return false;
  return true;
}

function isPlain(value: object): value is Readonly<Record<string, unknown>> {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/**
 * A copy that `JSON.stringify` carries, and marks for what it changed, inner ones first. A Buffer is marked as bytes, a
 * hole as undefined; an object with `toJSON` is what that gives, any other instance its own fields; `JSON.stringify` leaves
 * functions and symbols out. Throws a TypeError for a cycle.
 */
export function markValues(value: unknown): { readonly json: unknown; readonly marks: Mark[] } {
  const marks: Mark[] = [];
  const json = new Marking(marks).copy(value, [], new Set());
  return { json, marks };
}

class Marking {
  readonly #marks: Mark[];

  constructor(marks: Mark[]) {
    this.#marks = marks;
  }

  copy(value: unknown, path: Path, ancestors: Set<object>): unknown {
    if (typeof value === "number") return this.#copyNumber(value, path);
    if (typeof value === "bigint") return this.#mark(path, "bigint", value.toString());
    if (value === undefined) return this.#mark(path, "undefined", undefined);
    if (typeof value !== "object" || value === null) return value;
    if (ancestors.has(value)) throw new TypeError("Expected a value without cycles: one of its objects holds itself.");
    ancestors.add(value);
    const copy = this.#copyObject(value, path, ancestors);
    ancestors.delete(value);
    return copy;
  }

  #copyNumber(value: number, path: Path): unknown {
    if (Object.is(value, -0)) return this.#mark(path, "-0", 0);
    if (Number.isNaN(value)) return this.#mark(path, "nan", null);
    if (Number.isFinite(value)) return value;
    return this.#mark(path, value > 0 ? "infinity" : "-infinity", null);
  }

  #copyObject(value: object, path: Path, ancestors: Set<object>): unknown {
    if (Array.isArray(value)) return this.#copyArray(value, path, ancestors);
    const binary = readBinary(value);
    if (binary !== undefined) return this.#mark(path, binary.kind, binary.base64);
    if (value instanceof Date) return this.#mark(path, "date", value.toJSON());
    if (value instanceof Map) {
      const entries = [...value].map(([key, one]) => [key, one]);
      return this.#mark(path, "map", this.#copyArray(entries, path, ancestors));
    }
    if (value instanceof Set) return this.#mark(path, "set", this.#copyArray([...value], path, ancestors));
    if ("toJSON" in value && typeof value.toJSON === "function") return this.copy(value.toJSON(), path, ancestors);
    return this.#copyFields(value, path, ancestors);
  }

  #copyArray(values: readonly unknown[], path: Path, ancestors: Set<object>): unknown[] {
    return Array.from(values, (value, at) => this.copy(value, [...path, at], ancestors));
  }

  #copyFields(value: object, path: Path, ancestors: Set<object>): object {
    // Without a prototype, so that a key named __proto__ is a key like any other.
    const copy: Record<string, unknown> = Object.create(null);
    for (const [key, field] of Object.entries(value)) copy[key] = this.copy(field, [...path, key], ancestors);
    return copy;
  }

  #mark(path: Path, kind: MarkKind, stand: unknown): unknown {
    this.#marks.push([path, kind]);
    return stand;
  }
}

/** Puts back what `markValues` marked, in place. Throws a TypeError where a mark fits nothing: the row is not as we wrote it. */
export function restoreValues(root: object, marks: unknown): void {
  if (!Array.isArray(marks)) throw new TypeError("Expected a list of marks.");
  for (const mark of marks) restoreValue(root, mark);
}

function restoreValue(root: object, mark: unknown): void {
  const [path, name]: unknown[] = Array.isArray(mark) ? mark : [];
  const kind = KINDS.find((one) => one === name);
  if (!Array.isArray(path) || path.length === 0 || kind === undefined)
    throw new TypeError("Expected a path and a kind.");
  let holder: object = root;
  for (const key of path.slice(0, -1)) {
    const inner = ownValue(holder, key);
    if (typeof inner !== "object" || inner === null) throw new TypeError("Expected an object on the way to a mark.");
    holder = inner;
  }
  const key: unknown = path.at(-1);
  if (typeof key !== "string" && typeof key !== "number") throw new TypeError("Expected a key or an index.");
  // Else a list could become as long as its index says.
  if (Array.isArray(holder) && !Object.hasOwn(holder, key)) throw new TypeError("Expected a place in the list.");
  const value = revive(kind, ownValue(holder, key));
  // Not by assignment, which would set the prototype for a key named __proto__.
  Object.defineProperty(holder, key, { value, writable: true, enumerable: true, configurable: true });
}

function ownValue(holder: object, key: unknown): unknown {
  if (typeof key !== "string" && typeof key !== "number") throw new TypeError("Expected a key or an index.");
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
      return reviveBigInt(stand);
    case "date":
      return new Date(typeof stand === "string" ? stand : Number.NaN);
    case "map":
      return new Map(expectArray(stand).map(expectPair));
    case "set":
      return new Set(expectArray(stand));
    default:
      return reviveBinary(kind, expectString(stand));
  }
}

function reviveBigInt(stand: unknown): bigint {
  const digits = expectString(stand);
  if (!/^-?\d+$/.test(digits)) throw new TypeError("Expected the digits of a bigint.");
  return BigInt(digits);
}

function expectString(value: unknown): string {
  if (typeof value !== "string") throw new TypeError("Expected a string.");
  return value;
}

function expectArray(value: unknown): unknown[] {
  if (!Array.isArray(value)) throw new TypeError("Expected an array.");
  return value;
}

function expectPair(value: unknown): [unknown, unknown] {
  const [key, one] = expectArray(value);
  return [key, one];
}
