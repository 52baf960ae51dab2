/** The fields of one message, or of one row. */
export type StoredFields = Record<string, unknown>;

export function isRecord(value: unknown): value is StoredFields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
