import { types } from "node:util";
import { codecError } from "./codec-error.ts";

type ViewKind =
  | "bytes"
  | "uint8clamped"
  | "int8"
  | "int16"
  | "uint16"
  | "int32"
  | "uint32"
  | "float16"
  | "float32"
  | "float64"
  | "bigint64"
  | "biguint64"
  | "view";

/** Every kind of binary data that a message may hold, by the name that stands in a row. */
export type BinaryKind = ViewKind | "buffer";

/** The class of each kind. The bytes are stored in the machine's order. */
const CLASS_NAMES: ReadonlyMap<BinaryKind, string> = new Map<BinaryKind, string>([
  ["buffer", "ArrayBuffer"],
  ["bytes", "Uint8Array"],
  ["uint8clamped", "Uint8ClampedArray"],
  ["int8", "Int8Array"],
  ["int16", "Int16Array"],
  ["uint16", "Uint16Array"],
  ["int32", "Int32Array"],
  ["uint32", "Uint32Array"],
  ["float16", "Float16Array"],
  ["float32", "Float32Array"],
  ["float64", "Float64Array"],
  ["bigint64", "BigInt64Array"],
  ["biguint64", "BigUint64Array"],
  ["view", "DataView"],
]);

const KINDS_OF_CLASSES: ReadonlyMap<unknown, BinaryKind> = new Map(
  Array.from(CLASS_NAMES, ([kind, name]) => [name, kind]),
);

export const BINARY_KINDS: readonly BinaryKind[] = [...CLASS_NAMES.keys()];

/** What all classes of typed arrays extend. */
const TYPED_ARRAY: object = Object.getPrototypeOf(Uint8Array.prototype);

/** The kind and the bytes as base64; undefined for a value that is not binary data. A Buffer is a Uint8Array. */
export function readBinary(value: object): { readonly kind: BinaryKind; readonly base64: string } | undefined {
  if (types.isAnyArrayBuffer(value)) return { kind: "buffer", base64: Buffer.from(value).toString("base64") };
  if (!ArrayBuffer.isView(value)) return undefined;
  const kind = types.isDataView(value) ? "view" : KINDS_OF_CLASSES.get(typedArrayName(value));
  if (kind === undefined) throw codecError("Expected a typed array of a class that this release knows.");
  const { buffer, byteOffset, byteLength } = value;
  return { kind, base64: Buffer.from(buffer, byteOffset, byteLength).toString("base64") };
}

/** `Uint8Array` for a Buffer and for subclasses, in any realm: the getter reads what no object can pretend. */
function typedArrayName(view: ArrayBufferView): unknown {
  return Reflect.get(TYPED_ARRAY, Symbol.toStringTag, view);
}

/** Throws where the bytes are not a whole number of elements, or where this Node.js has no such class. */
export function reviveBinary(kind: BinaryKind, base64: string): object {
  // A copy: small Buffers share one memory.
  const { buffer } = new Uint8Array(Buffer.from(base64, "base64"));
  if (kind === "buffer") return buffer;
  const View: unknown = Reflect.get(globalThis, CLASS_NAMES.get(kind) ?? "");
  if (typeof View !== "function") throw codecError("Expected binary data of a class that this Node.js has.");
  return Reflect.construct(View, [buffer]);
}
