import type { QueryOptions, types } from "cassandra-driver";
import { nextMicros } from "../clock.ts";
import { clearFailed, isTableMissing, readFailed } from "../errors.ts";
import type { InsertRow } from "./batches.ts";
import { sendRequest } from "./requests.ts";
import { ensureTable, forgetTable, type TableTarget } from "./setup.ts";
import { type Statements, writeStatements } from "./statements.ts";

/** One stored message. The id becomes text only where someone asks for it: most reads need but one of them. */
export interface StoredRow {
  readonly id: types.TimeUuid;
  readonly text: string;
}

export interface SessionOptions extends TableTarget {
  readonly sessionId: string;
  readonly pageSize: number;
  readonly readOptions: QueryOptions;
  readonly writeOptions: QueryOptions;
}

/** The rows of one session: rows in, rows out. Knows nothing of LangChain. */
export class MessageTable {
  readonly #options: SessionOptions;
  readonly #statements: Statements;
  readonly #read: QueryOptions;
  readonly #write: QueryOptions;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#statements = writeStatements(options);
    this.#read = { ...options.readOptions, prepare: true, isIdempotent: true };
    this.#write = { ...options.writeOptions, prepare: true, isIdempotent: true, logged: false };
  }

  ensure(): Promise<void> {
    return ensureTable(this.#options);
  }

  /** Stores all of them or none, in one round trip. They have to fit one batch. */
  async insert(rows: readonly InsertRow[]): Promise<void> {
    const { client, sessionId } = this.#options;
    const queries = rows.map(({ id, text, ttlSeconds }) =>
      ttlSeconds === undefined
        ? { query: this.#statements.insert, params: [sessionId, id, text] }
        : { query: this.#statements.insertWithTtl, params: [sessionId, id, text, ttlSeconds] },
    );
    const [only, ...more] = queries;
    if (only === undefined) return;
    await this.#send((timestamp) =>
      more.length === 0
        ? client.execute(only.query, only.params, { ...this.#write, timestamp })
        : client.batch(queries, { ...this.#write, timestamp }),
    );
  }

  /** Newest first, page by page, each page asked for when it is wanted; `firstPage` rows in the first one. */
  async *newestFirst(firstPage?: number): AsyncGenerator<StoredRow[], void, undefined> {
    const { client, sessionId, pageSize } = this.#options;
    let fetchSize = Math.min(firstPage ?? pageSize, pageSize);
    let pageState: string | null = null;
    // Only the paging state tells the end: a page may be short, or empty, before it (native protocol v4, section 8).
    do {
      const options: QueryOptions = pageState === null ? { fetchSize } : { fetchSize, pageState };
      const page: types.ResultSet = await this.#send(() =>
        client.execute(this.#statements.selectNewestFirst, [sessionId], { ...this.#read, ...options }),
      ).catch((error: unknown) => Promise.reject(readFailed(error)));
      pageState = page.pageState;
      fetchSize = pageSize;
      yield page.rows.map((row) => ({ id: row["id"], text: row["message"] }));
    } while (pageState !== null && pageState !== undefined);
  }

  /** Deletes the whole session, as of now. */
  async removeAll(): Promise<void> {
    const { client, sessionId } = this.#options;
    await this.#send((timestamp) =>
      client.execute(this.#statements.deleteSession, [sessionId], { ...this.#write, timestamp }),
    ).catch((error: unknown) => Promise.reject(clearFailed(error)));
  }

  /** A table that was dropped while in use is made anew, or named, once; then the request is tried once more. */
  async #send<Result>(request: (timestamp: number) => Promise<Result>): Promise<Result> {
    const attempt = this.ensure();
    await attempt;
    try {
      return await this.#sendNow(request);
    } catch (error) {
      if (!isTableMissing(error)) throw error;
      forgetTable(this.#options, attempt);
      await this.ensure();
      return this.#sendNow(request);
    }
  }

  #sendNow<Result>(request: (timestamp: number) => Promise<Result>): Promise<Result> {
    return sendRequest(this.#options.client, () => request(nextMicros()));
  }
}
