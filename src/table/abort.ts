/** Who waits for a signal: one listener each, however many calls share it, since Node warns of more than ten. */
const waiting = new WeakMap<AbortSignal, Set<() => void>>();

/** The promise's outcome, or the signal's reason as soon as it is aborted; the work behind the promise goes on. */
export function untilAborted<Result>(promise: Promise<Result>, signal: AbortSignal | undefined): Promise<Result> {
  return signal === undefined ? promise : raceAbort(promise, signal);
}

async function raceAbort<Result>(promise: Promise<Result>, signal: AbortSignal): Promise<Result> {
  const waiters = waitersOf(signal);
  let abort = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason);
    waiters.add(abort);
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    waiters.delete(abort);
  }
}

function waitersOf(signal: AbortSignal): Set<() => void> {
  const known = waiting.get(signal);
  if (known !== undefined) return known;
  const waiters = new Set<() => void>();
  const abortAll = (): void => {
    for (const abort of waiters) abort();
  };
  signal.addEventListener("abort", abortAll, { once: true });
  waiting.set(signal, waiters);
  return waiters;
}
