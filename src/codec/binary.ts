type ViewKind =
  | "bytes"
  | "uint8clamped"
  | "int8"
  | "int16"
  | "uint16"
  | "int32"
  | "uint32"
  | "float32"
  | "float64"
  | "bigint64"
  | "biguint64"
  | "view";

/** Every kind of binary data that a message may hold, by the name that stands in a row. */
export type BinaryKind = ViewKind | "buffer";

/** What makes each from its bytes, which are stored in the machine's order. */
const VIEWS: ReadonlyMap<BinaryKind, new (bytes: ArrayBuffer) => object> = new Map<
  BinaryKind,
  new (
    bytes: ArrayBuffer,
  ) => object
>([
  ["bytes", Uint8Array],
  ["uint8clamped", Uint8ClampedArray],
  ["int8", Int8Array],
  ["int16", Int16Array],
  ["uint16", Uint16Array],
  ["int32", Int32Array],
  ["uint32", Uint32Array],
  ["float32", Float32Array],
  ["float64", Float64Array],
  ["bigint64", BigInt64Array],
  ["biguint64", BigUint64Array],
  ["view", DataView],
]);

export const BINARY_KINDS: readonly BinaryKind[] = ["buffer", ...VIEWS.keys()];

/** The kind and the bytes as base64; undefined for what is no binary data. A Buffer is a Uint8Array. */
export function readBinary(value: object): { readonly kind: BinaryKind; readonly base64: string } | undefined {
  if (value instanceof ArrayBuffer) return { kind: "buffer", base64: Buffer.from(value).toString("base64") };
  if (!ArrayBuffer.isView(value)) return undefined;
  const { buffer, byteOffset, byteLength } = value;
  for (const [kind, View] of VIEWS) {
    if (value instanceof View) {
      return { kind, base64: Buffer.from(buffer, byteOffset, byteLength).toString("base64") };
    }
  }
  return undefined;
}

/** Throws a RangeError where the bytes are no whole number of elements. */
export function reviveBinary(kind: BinaryKind, base64: string): object {
  // A copy: small Buffers share one memory.
  const { buffer } = new Uint8Array(Buffer.from(base64, "base64"));
  const View = VIEWS.get(kind);
  return View === undefined ? buffer : new View(buffer);
}
