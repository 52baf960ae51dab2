import { types } from "cassandra-driver";
import { expect } from "vitest";

/** Cassandra's own comparison, as its server does it: by time, then by the last eight bytes as signed ones. */
export function cassandraCompare(a: string, b: string): number {
  const [bytesA, bytesB] = [a, b].map((id) => types.TimeUuid.fromString(id).getBuffer());
  const key = (bytes: Buffer): Buffer =>
    Buffer.concat([
      bytes.subarray(6, 8),
      bytes.subarray(4, 6),
      bytes.subarray(0, 4),
      bytes.subarray(8).map((byte) => byte ^ 0x80),
    ]);
  if (bytesA === undefined || bytesB === undefined) throw new Error("two ids");
  return Buffer.compare(key(bytesA), key(bytesB));
}

export function expectAscending(ids: readonly string[]): void {
  const isDescent = (id: string, at: number): boolean => at > 0 && cassandraCompare(ids[at - 1] ?? id, id) !== -1;
  expect(ids.findIndex(isDescent)).toBe(-1);
}

/** An id of this microsecond since 1970, the last of all such in Cassandra's order. Written without the library's arithmetic. */
export function lastIdAt(micros: number): string {
  return idOfTicks(BigInt(micros) * 10n + 9n, "7f7f-7f7f7f7f7f7f");
}

/** An id of so many intervals of 100 ns since 1970, as RFC 9562 lays them out since 1582. */
export function idOfTicks(ticks: bigint, tail: string): string {
  const hex = (ticks + 0x01b21dd213814000n).toString(16).padStart(15, "0");
  return `${hex.slice(7)}-${hex.slice(3, 7)}-1${hex.slice(0, 3)}-${tail}`;
}
