import type { QueryOptions, types } from "cassandra-driver";
import { isTableMissing } from "../errors/driver-errors.ts";
import { throwIfAborted } from "./abort.ts";
import { sendRequest } from "./in-flight.ts";
import { SharedTable, type TableTarget } from "./shared-table.ts";

export interface RequestTarget extends TableTarget {
  readonly readOptions: QueryOptions;
  readonly writeOptions: QueryOptions;
}

/** One statement with its values. */
export interface BoundStatement {
  readonly query: string;
  readonly params: unknown[];
}

/** Which rows to read, and how many at most. */
export interface ReadRequest extends BoundStatement {
  readonly fetchSize: number;
  /** Where the page before this one ended; undefined for the first. */
  readonly pageState: string | undefined;
}

/**
 * The one way to the driver. The table is there before a statement is sent; every statement is prepared and idempotent; what is
 * aborted before it is sent is never sent. Rejects with the driver's own errors, and with `SETUP_FAILED`.
 */
export class TableRequests {
  readonly table: SharedTable;
  readonly #readOptions: QueryOptions;
  readonly #writeOptions: QueryOptions;

  constructor(target: RequestTarget) {
    this.table = SharedTable.of(target);
    this.#readOptions = target.readOptions;
    this.#writeOptions = target.writeOptions;
  }

  read({ query, params, fetchSize, pageState }: ReadRequest, signal?: AbortSignal): Promise<types.ResultSet> {
    const options = requestOptions(this.#readOptions);
    options.fetchSize = fetchSize;
    if (pageState !== undefined) options.pageState = pageState;
    return this.#send(() => this.table.client.execute(query, params, options), signal);
  }

  /**
   * Sends all statements or none, in one round trip: they belong to one partition, and fit one batch. They are asked for when the
   * request is handed to the driver, so that what was given up by then is left out; where none is left, nothing is sent.
   */
  async write(statements: () => BoundStatement[], timestamp: number, signal?: AbortSignal): Promise<void> {
    const { client } = this.table;
    const options = requestOptions(this.#writeOptions);
    options.logged = false;
    options.timestamp = timestamp;
    await this.#send(async () => {
      const [first, ...more] = statements();
      if (first === undefined) return;
      if (more.length === 0) await client.execute(first.query, first.params, options);
      else await client.batch([first, ...more], options);
    }, signal);
  }

  /** A table that was dropped while in use is made anew, or reported, once. Then the request is sent once more. */
  async #send<Result>(request: () => Promise<Result>, signal: AbortSignal | undefined): Promise<Result> {
    const attempt = this.table.ensure();
    await attempt;
    throwIfAborted(signal);
    try {
      return await sendRequest(this.table.client, request, signal);
    } catch (error) {
      if (!isTableMissing(error)) throw error;
      this.table.forget(attempt);
      await this.table.ensure();
      return sendRequest(this.table.client, request, signal);
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
