import { CassandraHistoryError } from "../../src/index.ts";

/** The error that a call rejects with; throws where it resolves, or rejects with another error. */
export async function failureOf(call: Promise<unknown>): Promise<CassandraHistoryError> {
  return expectOurs(
    await call.then(
      () => "nothing",
      (error: unknown) => error,
    ),
  );
}

/** The error that a function throws; throws itself where there is none, or another one. */
export function errorThrownBy(call: () => unknown): CassandraHistoryError {
  try {
    call();
  } catch (error) {
    return expectOurs(error);
  }
  return expectOurs("nothing");
}

function expectOurs(error: unknown): CassandraHistoryError {
  if (error instanceof CassandraHistoryError) return error;
  throw new Error(`expected a CassandraHistoryError, got ${error}`, { cause: error });
}
