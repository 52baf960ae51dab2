import { CassandraHistoryError } from "../../src/index.ts";

/** The error that a call fails with; throws where it does not, or with another error. */
export async function failureOf(call: Promise<unknown>): Promise<CassandraHistoryError> {
  const error: unknown = await call.then(
    () => "nothing",
    (reason: unknown) => reason,
  );
  if (error instanceof CassandraHistoryError) return error;
  throw new Error(`expected a CassandraHistoryError, got ${error}`, { cause: error });
}
