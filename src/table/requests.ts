import type { QueryOptions, types } from "cassandra-driver";
import { isTableMissing } from "../driver-errors.ts";
import { sendRequest } from "./lanes.ts";
import { ensureTable, forgetTable, type TableTarget } from "./setup.ts";

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
  readonly #read: QueryOptions;
  readonly #write: QueryOptions;

  constructor(target: RequestTarget) {
    this.#target = target;
    this.#read = { ...target.readOptions, prepare: true, isIdempotent: true };
    this.#write = { ...target.writeOptions, prepare: true, isIdempotent: true, logged: false };
  }

  ensureTable(): Promise<void> {
    return ensureTable(this.#target);
  }

  /** One page of so many rows, from where the page before it ended. */
  read(query: string, params: unknown[], fetchSize: number, pageState?: string): Promise<types.ResultSet> {
    const { client } = this.#target;
    const options = { ...this.#read, fetchSize, ...(pageState !== undefined && { pageState }) };
    return this.#send(() => client.execute(query, params, options));
  }

  /** All or none of them, in one round trip: they belong to one partition, and have to fit one batch. */
  async write(statements: readonly BoundStatement[], timestamp: number): Promise<void> {
    const { client } = this.#target;
    const options = { ...this.#write, timestamp };
    const [only, ...more] = statements;
    if (only === undefined) return;
    if (more.length === 0) await this.#send(() => client.execute(only.query, only.params, options));
    else await this.#send(() => client.batch([...statements], options));
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
      forgetTable(this.#target, attempt);
      await this.ensureTable();
      return sendRequest(client, request);
    }
  }
}
