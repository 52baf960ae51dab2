import { readArgument } from "../options/validation.ts";

/** Throws the signal's reason where it is aborted: whoever waited looks again before going on. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw signal.reason;
}

/** All callbacks of one signal. They share one listener, since Node warns of a leak at more than ten. */
interface Registry {
  readonly callbacks: Set<() => void>;
  readonly listener: () => void;
}

const registries = new WeakMap<AbortSignal, Registry>();

/** Calls back when the signal aborts. Returns a function that removes the callback; the last one removes the listener too. */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  const { callbacks, listener } = registryOf(signal);
  callbacks.add(callback);
  return () => {
    if (!callbacks.delete(callback) || callbacks.size > 0) return;
    registries.delete(signal);
    signal.removeEventListener("abort", listener);
  };
}

function registryOf(signal: AbortSignal): Registry {
  const known = registries.get(signal);
  if (known !== undefined) return known;
  const callbacks = new Set<() => void>();
  const listener = (): void => {
    for (const callback of callbacks) callback();
  };
  const made = { callbacks, listener };
  readArgument("signal", () => signal.addEventListener("abort", listener, { once: true }));
  registries.set(signal, made);
  return made;
}

/** The promise's outcome, or the signal's reason as soon as it aborts. The work behind the promise goes on. */
export function untilAborted<Result>(promise: Promise<Result>, signal: AbortSignal | undefined): Promise<Result> {
  return signal === undefined ? promise : raceAbort(promise, signal);
}

async function raceAbort<Result>(promise: Promise<Result>, signal: AbortSignal): Promise<Result> {
  let forget = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    forget = onAbort(signal, () => reject(signal.reason));
    if (signal.aborted) reject(signal.reason);
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    forget();
  }
}
