/** 100 ns intervals from 1582-10-15, where UUID time begins, to 1970-01-01 (RFC 9562, section 5.1). */
const UUID_EPOCH = 0x01b21dd213814000n;
const EPOCH_HIGH = Number(UUID_EPOCH >> 32n);
const EPOCH_LOW = Number(UUID_EPOCH & 0xffff_ffffn);
const TIMEUUID = /^([0-9a-f]{8})-([0-9a-f]{4})-1([0-9a-f]{3})-([0-9a-f]{4})-([0-9a-f]{12})$/i;

/**
 * The year 2223, in microseconds since 1970: the latest time of an id or a write that the library makes. It leaves room
 * below 2^53, above which a number of microseconds is no longer exact.
 */
export const LATEST_MICROS = 8e15;

/** An id as text, or its 16 bytes as the driver holds it. */
export type TimeUuid = string | Uint8Array;

export function isTimeUuid(text: string): boolean {
  return TIMEUUID.test(text);
}

/**
 * An id of this microsecond since 1970. V8 writes a big integer in hexadecimal four times as fast as a large number.
 *
 * @param tail - the last eight bytes as they are written: four hexadecimal digits, a hyphen, twelve more
 */
export function formatTimeUuid(micros: number, tail: string): string {
  // 15 digits from 1970 to the year 5236.
  const hex = (BigInt(micros) * 10n + UUID_EPOCH).toString(16);
  return `${hex.slice(7)}-${hex.slice(3, 7)}-1${hex.slice(0, 3)}-${tail}`;
}

/** Microseconds since 1970 at which an id was made. It has to be quick: every read calls it. */
export function idMicros(id: TimeUuid): number {
  return typeof id === "string"
    ? toMicros(hex(id, 15, 18) * 0x1_0000 + hex(id, 9, 13), hex(id, 0, 8))
    : toMicros(
        (byte(id, 6) & 0x0f) * 0x100_0000 + byte(id, 7) * 0x1_0000 + word(id, 4),
        word(id, 0) * 0x1_0000 + word(id, 2),
      );
}

/** In two halves, each small enough for a number. 2^32 is 10 * 429,496,729 + 6. */
function toMicros(timeHigh: number, timeLow: number): number {
  const high = timeHigh - EPOCH_HIGH;
  const low = timeLow - EPOCH_LOW;
  return high * 429_496_729 + Math.floor((high * 6 + low) / 10);
}

function hex(id: string, from: number, to: number): number {
  return Number.parseInt(id.slice(from, to), 16);
}

function byte(id: Uint8Array, at: number): number {
  return id[at] ?? 0;
}

function word(id: Uint8Array, at: number): number {
  return byte(id, at) * 0x100 + byte(id, at + 1);
}

export function idMillis(id: TimeUuid): number {
  return Math.floor(idMicros(id) / 1000);
}

/** Cassandra's order: by time, then by the last eight bytes, each read as signed (`AbstractTimeUUIDType`, 5.0). */
export function compareIds(a: string, b: string): number {
  const [timeA, timeB] = [timeDigits(a), timeDigits(b)];
  if (timeA !== timeB) return timeA < timeB ? -1 : 1;
  return Buffer.compare(signedTail(a), signedTail(b));
}

/** The digits of an id's time, the highest first: of the same length for every id, so that their order is that of the times. */
function timeDigits(id: string): string {
  return `${id.slice(15, 18)}${id.slice(9, 13)}${id.slice(0, 8)}`.toLowerCase();
}

function signedTail(id: string): Uint8Array {
  return Buffer.from(id.slice(19).replaceAll("-", ""), "hex").map((one) => one ^ 0x80);
}
