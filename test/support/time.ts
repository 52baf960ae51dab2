/** In milliseconds. */
export const SECOND = 1000;
export const MINUTE: number = 60 * SECOND;
export const HOUR: number = 60 * MINUTE;

/** A write time, which Cassandra counts in microseconds, so many milliseconds from now. */
export function writeTime(fromNow: number): number {
  return (Date.now() + fromNow) * 1000;
}

/**
 * A write time that is certainly after every write so far. The driver's own default is the beginning of the millisecond,
 * which may be before a row that the library wrote in the same millisecond.
 */
export function latestWriteTime(): number {
  return writeTime(1);
}
