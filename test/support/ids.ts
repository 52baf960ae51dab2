import { types } from "cassandra-driver";

/** A valid id of November 2025, which no test stores. */
export const UNKNOWN_ID = "0b2f6400-c9ad-11f0-8000-010203040506";
/** The next id after `UNKNOWN_ID`. */
export const LATER_UNKNOWN_ID = "0b2f6401-c9ad-11f0-8000-010203040506";

/** An id as another writer makes it, of so many milliseconds from now. */
export function idFromNow(milliseconds: number): string {
  return types.TimeUuid.fromDate(new Date(Date.now() + milliseconds)).toString();
}

/** Cassandra's own comparison, as its server does it: by time, then by the last eight bytes, each as signed. */
export function cassandraCompare(a: string, b: string): number {
  return Buffer.compare(sortKey(a), sortKey(b));
}

function sortKey(id: string): Buffer {
  const bytes = types.TimeUuid.fromString(id).getBuffer();
  return Buffer.concat([
    bytes.subarray(6, 8),
    bytes.subarray(4, 6),
    bytes.subarray(0, 4),
    bytes.subarray(8).map((byte) => byte ^ 0x80),
  ]);
}
