/** Deeper than this, `isJson` leaves the answer to `markValues`, which can tell a cycle from deep nesting. */
const DEPTH_WITHOUT_CYCLE_CHECK = 100;

/**
 * Whether `JSON.stringify` and `JSON.parse` give the value back as it is. That is so for most messages, and this walk,
 * which creates no object, is the cheapest way to tell.
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
  // What toJSON gives may be beyond JSON. It may be a list's, or one that is not enumerable.
  if (Reflect.get(value, "toJSON") !== undefined) return false;
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
  return prototype === Object.prototype || prototype === null || isObjectPrototype(prototype);
}

/** Whether this is `Object.prototype` of another realm, for instance of `node:vm` or of a Jest test. */
function isObjectPrototype(prototype: unknown): boolean {
  return (
    typeof prototype === "object" &&
    prototype !== null &&
    Object.getPrototypeOf(prototype) === null &&
    Object.hasOwn(prototype, "isPrototypeOf")
  );
}
