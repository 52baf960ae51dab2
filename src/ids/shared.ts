/**
 * Objects that every copy of this library in the process can reach: its ES module and its CommonJS build are two copies.
 * `process` is used where `globalThis` is frozen. A worker thread has its own of both.
 *
 * `process` is the global, and not imported: for a default import, the bundler would add a helper to the package's exports.
 */
const HOLDERS: readonly object[] = [globalThis, process];

/** Used where both are frozen. Each copy of the library then has a state of its own. */
const own = new Map<symbol, unknown>();

/** The state that all copies share under this key. Anything else that stands under the key is replaced by a new state. */
export function sharedState<State>(
  key: symbol,
  isState: (value: unknown) => value is State,
  createState: () => State,
): State {
  for (const holder of HOLDERS) {
    const found: unknown = Reflect.get(holder, key);
    if (isState(found)) return found;
  }
  const kept = own.get(key);
  if (isState(kept)) return kept;
  const value = createState();
  const property = { value, configurable: true, enumerable: false, writable: true };
  if (!HOLDERS.some((holder) => Reflect.defineProperty(holder, key, property))) own.set(key, value);
  return value;
}
