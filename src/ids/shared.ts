/**
 * Objects that every copy of this library in the process reaches: its ES module and its CommonJS build are two copies. The
 * second is for a global object that takes no new property. A worker thread has both of its own. Not imported: the bundler would
 * export a helper of its own for a default import.
 */
const HOLDERS: readonly object[] = [globalThis, process];

/** For a process in which neither takes a property: then each copy of the library has its own. */
const own = new Map<symbol, unknown>();

/** The state that all copies share under this key. What is found there and is no such state is replaced by a new one. */
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
