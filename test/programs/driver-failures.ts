import { type Client, errors, types } from "cassandra-driver";
import { CassandraChatMessageHistory, CassandraHistoryError } from "../../src/index.ts";

// Prints what the library says of each error of the driver, with the driver that is bundled with this program.

const made: Error[] = [
  new errors.AuthenticationError("Provided username the-user and/or password are incorrect"),
  new errors.OperationTimedOutError("10.0.0.1 did not answer"),
  new errors.DriverInternalError("oh"),
  ...Object.values(types.responseErrorCodes).map(
    (code) => new errors.ResponseError(Number(code), "User the-user has no x"),
  ),
];
const all = made.flatMap((error) => [error, new errors.NoHostAvailableError({ "10.0.0.1:9042": error })]);

/** A client that fails with this error, at once or when the table has been looked at. */
function failWith(error: Error, atOnce: boolean): Client {
  const columns = [
    { column_name: "session_id", kind: "partition_key", type: "text" },
    { column_name: "message_id", kind: "clustering", type: "timeuuid" },
    { column_name: "message", kind: "regular", type: "text" },
  ];
  const execute = async (query: string): Promise<object> => {
    if (atOnce || !query.includes("FROM system")) throw error;
    if (query.includes("system_schema.columns")) return { rows: columns, pageState: null };
    if (query.includes("system_schema.tables"))
      return { rows: [{ id: types.TimeUuid.fromDate(new Date(0)) }], pageState: null };
    return { rows: [], pageState: null };
  };
  return { execute, batch: execute } as unknown as Client;
}

const told: unknown[] = [];
for (const error of all) {
  for (const atOnce of [true, false]) {
    const history = new CassandraChatMessageHistory({
      client: failWith(error, atOnce),
      keyspace: "app",
      sessionId: "s",
    });
    for (const call of [history.getMessages(), history.addUserMessage("hi"), history.clear()]) {
      const failure: unknown = await call.catch((reason: unknown) => reason);
      if (!(failure instanceof CassandraHistoryError))
        throw new Error("expected a CassandraHistoryError", { cause: failure });
      told.push([failure.code, failure.message, failure.cause === error]);
    }
  }
}
process.stdout.write(JSON.stringify({ isMinified: errors.ResponseError.name !== "ResponseError", told }));
