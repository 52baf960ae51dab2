import type { QueryOptions, types } from "cassandra-driver";
import { isTableMissing } from "../errors/driver-errors.ts";
import { sendRequest } from "./in-flight.ts";
import { ensureTable, forgetTable, type TableTarget, tableKey } from "./setup.ts";

export interface RequestTarget extends TableTarget {
  readonly readOptions: QueryOptions;
  readonly writeOptions: QueryOptions;
}

/** One statement with its values. */
export interface BoundStatement {
  readonly query: string;
  readonly params: unknown[];
}

/** The one way to the driver: the table is there first, every statement is prepared and idempotent, and errors are its own. */
export class TableRequests {
  readonly #target: RequestTarget;
  readonly #key: string;

  constructor(target: RequestTarget) {
    this.#target = target;
    this.#key = tableKey(target);
  }

  ensureTable(): Promise<void> {
    return ensureTable(this.#target, this.#key);
  }

  /** One page of so many rows, from where the page before it ended. */
  read(query: string, params: unknown[], fetchSize: number, pageState?: string): Promise<types.ResultSet> {
    const { client, readOptions } = this.#target;
    const options = requestOptions(readOptions);
    options.fetchSize = fetchSize;
    if (pageState !== undefined) options.pageState = pageState;
    return this.#send(() => client.execute(query, params, options));
  }

  /** All or none of them, in one round trip: they belong to one partition, and have to fit one batch. */
  async write(statements: BoundStatement[], timestamp: number): Promise<void> {
    const { client, writeOptions } = this.#target;
    const options = requestOptions(writeOptions);
    options.logged = false;
    options.timestamp = timestamp;
    const first = statements[0];
    if (first === undefined) return;
    await this.#send(
      statements.length === 1
        ? () => client.execute(first.query, first.params, options)
        : () => client.batch(statements, options),
    );
  }

  /** A table that was dropped while in use is made anew, or named, once; then the request is tried once more. */
  async #send<Result>(request: () => Promise<Result>): Promise<Result> {
    const attempt = this.ensureTable();
    await attempt;
    const { client } = this.#target;
    try {
      return await sendRequest(client, request);
    } catch (error) {
      if (!isTableMissing(error)) throw error;
      forgetTable(this.#target.client, this.#key, attempt);
      await this.ensureTable();
      return sendRequest(client, request);
    }
  }
}

/** Field by field: spreading costs as much as a tenth of a request. */
function requestOptions(given: QueryOptions): QueryOptions {
  const { consistency, serialConsistency, executionProfile, readTimeout, traceQuery } = given;
  const options: QueryOptions = { prepare: true, isIdempotent: true };
  if (consistency !== undefined) options.consistency = consistency;
  if (serialConsistency !== undefined) options.serialConsistency = serialConsistency;
  if (executionProfile !== undefined) options.executionProfile = executionProfile;
  if (readTimeout !== undefined) options.readTimeout = readTimeout;
  if (traceQuery !== undefined) options.traceQuery = traceQuery;
  return options;
}
