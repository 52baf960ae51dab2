import { codecError } from "./codec-error.ts";

/** The time to read or write n decimal digits grows faster than n; a thousand take microseconds. */
const MOST_DECIMAL_DIGITS = 1000;
/** Every value of so many bits has fewer decimal digits. */
const MOST_DECIMAL_BITS = 3300;

/** Decimal digits, or hexadecimal ones for a large value: V8 reads and writes those in linear time. */
export function writeBigInt(value: bigint): string {
  if (BigInt.asIntN(MOST_DECIMAL_BITS, value) === value) return value.toString();
  return value < 0n ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`;
}

/** Throws a TypeError for what `writeBigInt` cannot have written. */
export function readBigInt(text: string): bigint {
  if (text.length <= MOST_DECIMAL_DIGITS && /^-?\d+$/.test(text)) return BigInt(text);
  if (/^0x[\da-f]+$/.test(text)) return BigInt(text);
  if (/^-0x[\da-f]+$/.test(text)) return -BigInt(text.slice(1));
  throw codecError("Expected the digits of a bigint.");
}
