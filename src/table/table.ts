import type { types } from "cassandra-driver";
import type { InsertRow } from "../history/batches.ts";
import { nextMicros } from "../ids/clock.ts";
import { type RequestTarget, TableRequests } from "./requests.ts";
import { type Bound, type RowOrder, type RowPart, Statements } from "./statements.ts";

/**
 * One stored message, as the driver gives it: a long read copies no row, and makes text of the few ids that are asked for.
 */
export interface StoredRow {
  readonly id: types.TimeUuid;
  /** Null where another writer left it out. */
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
  readonly order: RowOrder;
  readonly bounds?: readonly Range[];
  readonly parts?: readonly RowPart[];
  /** Rows of each page, where it is not the history's. */
  readonly pageSize?: number;
  /** Rows of the first page, where fewer than a page are wanted. */
  readonly firstPage?: number | undefined;
}

export interface RowPage {
  readonly rows: StoredRow[];
  /** Where the next page begins; undefined at the end. */
  readonly next: string | undefined;
}

/** Rows of one round trip where the application does not say: some of them may be long. */
export const PAGE_SIZE = 1024;
/** Ids of one round trip when rows are counted. */
const ROWS_PER_COUNT_STEP = 10_000;

export interface SessionTarget extends RequestTarget {
  readonly sessionId: string;
  readonly pageSize: number | undefined;
}

/** The rows of one session: rows in, rows out, the driver's errors as they come. Knows nothing of LangChain. */
export class MessageTable {
  readonly #sessionId: string;
  readonly #pageSize: number;
  readonly #requests: TableRequests;
  readonly #statements: Statements;

  constructor(target: SessionTarget) {
    this.#sessionId = target.sessionId;
    this.#pageSize = target.pageSize ?? PAGE_SIZE;
    this.#requests = new TableRequests(target);
    this.#statements = Statements.of(target);
  }

  ensure(): Promise<void> {
    return this.#requests.ensureTable();
  }

  /** Stores all of them or none, in one round trip, dated `timestamp`. They have to fit one batch. */
  insert(
    rows: readonly Pick<InsertRow, "id" | "text" | "ttlSeconds">[],
    timestamp: number = nextMicros(),
  ): Promise<void> {
    const { insert, insertWithTtl } = this.#statements;
    const bound = rows.map(({ id, text, ttlSeconds }) =>
      ttlSeconds === undefined
        ? { query: insert, params: [this.#sessionId, id, text] }
        : { query: insertWithTtl, params: [this.#sessionId, id, text, ttlSeconds] },
    );
    return this.#requests.write(bound, timestamp);
  }

  /** One page; `next` is what to pass for the one after it. */
  async page(
    { order, bounds = [], parts = ["message"], pageSize = this.#pageSize, firstPage = pageSize }: RowQuery,
    next?: string,
  ): Promise<RowPage> {
    const query = this.#statements.select(
      parts,
      bounds.map(([bound]) => bound),
      order,
    );
    const params = [this.#sessionId, ...bounds.map(([, id]) => id)];
    const fetchSize = next === undefined ? Math.min(firstPage, pageSize) : pageSize;
    const { rows, pageState } = await this.#requests.read(query, params, fetchSize, next);
    // Only the paging state tells the end: a page may be short, or empty, before it (native protocol v4, section 8).
    return { rows: rows.filter(isStored), next: pageState || undefined };
  }

  /** Page by page, each asked for when it is wanted, so that one page is held at a time. */
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

  /** Page by page: the server's own count() has to be done within one read timeout, which a long session outlasts. */
  async count(): Promise<number> {
    let count = 0;
    const query: RowQuery = { order: "newest-first", parts: [], pageSize: ROWS_PER_COUNT_STEP };
    for await (const page of this.pages(query)) count += page.length;
    return count;
  }

  /** Deletes the whole session, or what the bound says. */
  removeRange(timestamp: number, range?: Range): Promise<void> {
    const [bound, id] = range ?? [];
    const query = this.#statements.delete(bound === undefined ? [] : [bound]);
    const params = id === undefined ? [this.#sessionId] : [this.#sessionId, id];
    return this.#requests.write([{ query, params }], timestamp);
  }

  /** Deletes these rows, all or none. They have to fit one batch. */
  removeRows(ids: readonly string[], timestamp: number): Promise<void> {
    const query = this.#statements.delete(["="]);
    return this.#requests.write(
      ids.map((id) => ({ query, params: [this.#sessionId, id] })),
      timestamp,
    );
  }
}

/** A session of nothing but static columns is one row without an id. */
function isStored(row: types.Row): row is types.Row & StoredRow {
  return row["id"] !== null;
}
