/** Throws the signal's reason where it is aborted: whoever waited looks again before going on. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw signal.reason;
}

/** What is called when a signal aborts: one listener a signal, however many calls share it, since Node warns of more than ten. */
const callbacks = new WeakMap<AbortSignal, Set<() => void>>();

/** Calls back once the signal aborts. What it returns takes the callback away again. */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  const waiting = callbacksOf(signal);
  waiting.add(callback);
  return () => void waiting.delete(callback);
}

function callbacksOf(signal: AbortSignal): Set<() => void> {
  const known = callbacks.get(signal);
  if (known !== undefined) return known;
  const waiting = new Set<() => void>();
  const callAll = (): void => {
    for (const callback of waiting) callback();
  };
  signal.addEventListener("abort", callAll, { once: true });
  callbacks.set(signal, waiting);
  return waiting;
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
