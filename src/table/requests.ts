import type { QueryOptions, types } from "cassandra-driver";
import { isNotEncoded, isTableMissing, mayBeChangedTable } from "../errors/driver-errors.ts";
import { tableChanged } from "../errors/failures.ts";
import { CassandraHistoryError } from "../errors/history-error.ts";
import { readSteadyMillis } from "../ids/readings.ts";
import { throwIfAborted } from "./abort.ts";
import { sendRequest } from "./in-flight.ts";
import type { SharedTable, TableStatements, TableTarget } from "./shared-table.ts";
import type { Statements } from "./statements.ts";

/** The application's own options of each request. */
export interface DriverOptions {
  readonly readOptions: QueryOptions;
  readonly writeOptions: QueryOptions;
}

export interface RequestTarget extends TableTarget, DriverOptions {}

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
  /** Set when the request is handed to the driver: milliseconds of the steady clock. */
  sentAt: number;
}

/**
 * The only code that sends statements to a message table. The table is there before a statement is sent. Every statement is
 * prepared and idempotent. A request that is aborted before it was sent is never sent. Rejects with the driver's own errors, and
 * with `SETUP_FAILED`.
 */
export class TableRequests<Kind extends TableStatements = Statements> {
  readonly table: SharedTable<Kind>;
  readonly #readOptions: QueryOptions;
  readonly #writeOptions: QueryOptions;

  constructor(table: SharedTable<Kind>, { readOptions, writeOptions }: DriverOptions) {
    this.table = table;
    this.#readOptions = readOptions;
    this.#writeOptions = writeOptions;
  }

  read(request: ReadRequest, signal?: AbortSignal): Promise<types.ResultSet> {
    const { query, params, fetchSize, pageState } = request;
    const { client } = this.table;
    const options = requestOptions(this.#readOptions);
    options.fetchSize = fetchSize;
    // A read needs no time. For one that has none, the driver would ask a clock that a test may have replaced.
    options.timestamp = 0;
    if (pageState !== undefined) options.pageState = pageState;
    return this.#send(async (end) => {
      request.sentAt = readSteadyMillis();
      const page = await client.execute(query + end, params, options);
      checkTypes(page);
      return page;
    }, signal);
  }

  /**
   * Sends all statements or none, in one round trip: they belong to one partition, and fit one batch. They are asked for when the
   * request is handed to the driver, so that what was given up by then is left out; where none is left, nothing is sent.
   *
   * @param timestamp - asked for once the statements are known
   */
  async write(statements: () => BoundStatement[], timestamp: () => number, signal?: AbortSignal): Promise<void> {
    const { client } = this.table;
    const options = requestOptions(this.#writeOptions);
    options.logged = false;
    await this.#send(async (end) => {
      const all = statements();
      const [first, ...more] = end === "" ? all : all.map(({ query, params }) => ({ query: query + end, params }));
      if (first === undefined) return;
      options.timestamp = timestamp();
      if (more.length === 0) await client.execute(first.query, first.params, options);
      else await client.batch([first, ...more], options);
    }, signal);
  }

  /** @param request - gets what its statements have to end with: `statementEnd` of the table */
  async #send<Result>(request: (end: string) => Promise<Result>, signal: AbortSignal | undefined): Promise<Result> {
    const attempt = this.table.ensure();
    await attempt;
    throwIfAborted(signal);
    const { statementEnd } = this.table;
    const send = (): Promise<Result> => sendRequest(this.table.client, () => request(this.table.statementEnd), signal);
    try {
      return await send();
    } catch (error) {
      // Its reason may look like any error.
      throwIfAborted(signal);
      if (!mayBeChangedTable(error)) throw error;
      await this.#lookAgain(attempt, error);
      if (!isTableMissing(error) && this.table.statementEnd === statementEnd) throw error;
    }
    return send();
  }

  /**
   * Looks at the table again after a request failed. A table that was dropped is made again, or reported where `createTable` is
   * false. A table that now has other columns is reported. The statements' end changes where the table is another one than before, or
   * where the driver has kept the types of an earlier one.
   */
  async #lookAgain(attempt: Promise<void>, error: unknown): Promise<void> {
    this.table.forget(attempt);
    try {
      await this.table.ensure();
    } catch (found) {
      // Where this look failed as well, the first error says more. Where the look found a fault of the table, that is the answer.
      const isAnswer = found instanceof CassandraHistoryError && found.cause === undefined;
      if (!isAnswer && !isTableMissing(error)) throw error;
      throw found instanceof CassandraHistoryError ? tableChanged(found) : found;
    }
    if (isNotEncoded(error)) this.table.renewStatements();
  }
}

/** Codes of `text` and `timeuuid` (native protocol v4, section 6). */
const TYPE_CODES: Readonly<Record<string, number>> = { message: 0x000d, id: 0x000f };

/** Throws where a column has another type: a table that was made again with other types answers reads without an error. */
function checkTypes({ columns }: types.ResultSet): void {
  // A stand-in for a client may describe no columns.
  for (const { name, type } of columns ?? []) {
    const expected = TYPE_CODES[name];
    if (expected !== undefined && type.code !== expected) throw new TypeError("The table has columns of other types.");
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
