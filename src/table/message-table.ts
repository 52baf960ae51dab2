import type { types } from "cassandra-driver";
import type { EntryOrder } from "../options/arguments.ts";
import { type BoundStatement, type RequestTarget, TableRequests } from "./requests.ts";
import type { Bound, RowPart, Statements } from "./statements.ts";

/** One message on its way to the table. */
export interface InsertRow {
  /** A timeuuid. */
  readonly id: string;
  readonly text: string;
  /** UTF-8 bytes of `text`. */
  readonly bytes: number;
  /** Seconds; 0 for none, even where the table has a default; undefined for the table's default. */
  readonly ttlSeconds: number | undefined;
}

/**
 * One stored message, as the driver gives it. A long read copies no row, and makes text of the few ids that are asked for.
 */
export interface StoredRow {
  readonly id: types.TimeUuid;
  /** Null where the row has no message. */
  readonly message: string | null;
  /** Seconds that it has left; null where it does not expire. Read only where asked for. */
  readonly ttl?: number | null;
  /** Microseconds since 1970; null where the row has no message. Read only where asked for. */
  readonly writetime?: types.Long | bigint | null;
}

/** One bound on the ids of rows. */
export type Range = readonly [bound: Bound, id: string | readonly string[]];

/** Which rows to read, and how. */
export interface RowQuery {
  readonly order: EntryOrder;
  readonly bounds?: readonly Range[];
  readonly parts?: readonly RowPart[];
  /** Rows of each page, where it is not the history's. */
  readonly pageSize?: number;
  /** Rows of the first page, where fewer than a page are wanted. */
  readonly firstPage?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface RowPage {
  readonly rows: StoredRow[];
  /** Where the next page begins; undefined at the end. */
  readonly next: string | undefined;
}

/** When a write is dated, and what may still keep it from being sent. */
export interface WriteOptions {
  /** Microseconds since 1970. */
  readonly timestamp: number;
  readonly signal?: AbortSignal | undefined;
}

export interface SessionTarget extends RequestTarget {
  readonly sessionId: string;
  readonly pageSize: number;
}

/** The rows of one session: rows in, rows out, the driver's errors as they come. Knows nothing of LangChain. */
export class MessageTable {
  readonly #sessionId: string;
  readonly #pageSize: number;
  readonly #requests: TableRequests;
  readonly #statements: Statements;

  constructor(target: SessionTarget) {
    this.#sessionId = target.sessionId;
    this.#pageSize = target.pageSize;
    this.#requests = new TableRequests(target);
    this.#statements = this.#requests.table.statements;
  }

  ensure(): Promise<void> {
    return this.#requests.table.ensure();
  }

  /**
   * Stores all rows or none, in one round trip. They have to fit one batch.
   *
   * @param rows - asked for when the request is handed to the driver, so that what was given up by then is left out
   */
  insert(
    rows: () => readonly Pick<InsertRow, "id" | "text" | "ttlSeconds">[],
    { timestamp, signal }: WriteOptions,
  ): Promise<void> {
    return this.#requests.write(() => rows().map((row) => this.#bindInsert(row)), timestamp, signal);
  }

  #bindInsert({ id, text, ttlSeconds }: Pick<InsertRow, "id" | "text" | "ttlSeconds">): BoundStatement {
    const { insert, insertWithTtl } = this.#statements;
    return ttlSeconds === undefined
      ? { query: insert, params: [this.#sessionId, id, text] }
      : { query: insertWithTtl, params: [this.#sessionId, id, text, ttlSeconds] };
  }

  /** One page; `next` is what to pass for the one after it. */
  async page(
    { order, bounds = [], parts = ["message"], pageSize = this.#pageSize, firstPage = pageSize, signal }: RowQuery,
    next?: string,
  ): Promise<RowPage> {
    const operators = bounds.map(([bound]) => bound);
    const query = this.#statements.select(parts, operators, order);
    const params = [this.#sessionId, ...bounds.map(([, id]) => id)];
    const fetchSize = next === undefined ? Math.min(firstPage, pageSize) : pageSize;
    const { rows, pageState } = await this.#requests.read({ query, params, fetchSize, pageState: next }, signal);
    // Only the paging state tells the end: a page may be short, or empty, before it (native protocol v4, section 8).
    return { rows: rows.filter(isStored), next: pageState || undefined };
  }

  /** Page by page. The next page is asked for when it is wanted, so that one page is held at a time. */
  async *pages(query: RowQuery): AsyncGenerator<StoredRow[], void> {
    let next: string | undefined;
    do {
      const page: RowPage = await this.page(query, next);
      yield page.rows;
      next = page.next;
    } while (next !== undefined);
  }

  /** All rows of a query that is known to be small. */
  async rows(query: RowQuery): Promise<StoredRow[]> {
    const rows: StoredRow[] = [];
    for await (const page of this.pages(query)) rows.push(...page);
    return rows;
  }

  /** Deletes the whole session, or what the bound says. */
  removeRange(range: Range | undefined, { timestamp, signal }: WriteOptions): Promise<void> {
    const [bound, id] = range ?? [];
    const query = this.#statements.delete(bound === undefined ? [] : [bound]);
    const params = id === undefined ? [this.#sessionId] : [this.#sessionId, id];
    return this.#requests.write(() => [{ query, params }], timestamp, signal);
  }

  /** Deletes these rows, all or none. They have to fit one batch. */
  removeRows(ids: readonly string[], { timestamp, signal }: WriteOptions): Promise<void> {
    const query = this.#statements.delete(["="]);
    return this.#requests.write(() => ids.map((id) => ({ query, params: [this.#sessionId, id] })), timestamp, signal);
  }
}

/** A session of nothing but static columns is one row without an id. */
function isStored(row: types.Row): row is types.Row & StoredRow {
  return row["id"] !== null;
}
