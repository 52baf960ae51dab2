/** Every kind of binary data that a message may hold, by the name that stands in a row. Stored in the machine's byte order. */
const KINDS = {
  bytes: Uint8Array,
  uint8clamped: Uint8ClampedArray,
  int8: Int8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  float32: Float32Array,
  float64: Float64Array,
  bigint64: BigInt64Array,
  biguint64: BigUint64Array,
  view: DataView,
} as const;

export type BinaryKind = keyof typeof KINDS | "buffer";

export const BINARY_KINDS: readonly BinaryKind[] = ["buffer", ...keysOf(KINDS)];

/** The kind and the bytes as base64; undefined for what is no binary data. A Buffer is a Uint8Array. */
export function readBinary(value: object): { readonly kind: BinaryKind; readonly base64: string } | undefined {
  if (value instanceof ArrayBuffer) return { kind: "buffer", base64: Buffer.from(value).toString("base64") };
  if (!ArrayBuffer.isView(value)) return undefined;
  const kind = keysOf(KINDS).find((one) => value instanceof KINDS[one]);
  const { buffer, byteOffset, byteLength } = value;
  return kind && { kind, base64: Buffer.from(buffer, byteOffset, byteLength).toString("base64") };
}

/** Throws a RangeError where the bytes are no whole number of elements. */
export function reviveBinary(kind: BinaryKind, base64: string): object {
  // A copy: small Buffers share one memory.
  const { buffer } = new Uint8Array(Buffer.from(base64, "base64"));
  if (kind === "buffer") return buffer;
  const View: new (bytes: ArrayBuffer) => object = KINDS[kind];
  return new View(buffer);
}

function keysOf<Kinds extends object>(kinds: Kinds): (keyof Kinds)[] {
  return Object.keys(kinds) as (keyof Kinds)[];
}
