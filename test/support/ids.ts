import { types } from "cassandra-driver";

/** A valid id of November 2025, which no test stores. */
export const UNKNOWN_ID = "0b2f6400-c9ad-11f0-8000-010203040506";
/** The next id after `UNKNOWN_ID`. */
export const LATER_UNKNOWN_ID = "0b2f6401-c9ad-11f0-8000-010203040506";

/** An id as another writer makes it, of so many milliseconds from now. */
export function idFromNow(milliseconds: number): string {
  return types.TimeUuid.fromDate(new Date(Date.now() + milliseconds)).toString();
}
