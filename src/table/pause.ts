/** Signals nobody: a wait for it ends when its time is over. */
const never = new Int32Array(new SharedArrayBuffer(4));

/**
 * Resolves after so many milliseconds. Not by a timer: the fake ones of tests replace the functions of `node:timers/promises`
 * too, `scheduler.wait` included, also before they are imported. Like a timer that is unref'd, it keeps no process alive; the
 * client's connections do.
 */
export async function pause(milliseconds: number): Promise<void> {
  await Atomics.waitAsync(never, 0, 0, milliseconds).value;
}
