import type { QueryOptions, types } from "cassandra-driver";
import { nextMicros } from "../clock.ts";
import type { InsertRow } from "./batches.ts";
import { type RequestTarget, TableRequests } from "./requests.ts";
import { type Bound, type RowOrder, type RowPart, Statements } from "./statements.ts";

/** One stored message. The id becomes text only where someone asks for it: most reads need but one of them. */
export interface StoredRow {
  readonly id: types.TimeUuid;
  readonly text: string;
  /** Seconds that it has left; null where it does not expire. Read only where asked for. */
  readonly ttl: number | null;
  /** Microseconds since 1970; 0 where the row has no message. Read only where asked for. */
  readonly writeTime: number;
}

/** One bound on the ids of rows. */
export type Range = readonly [bound: Bound, id: string | readonly string[]];

/** Which rows to read, and how. */
export interface RowQuery {
  readonly order: RowOrder;
  readonly bounds?: readonly Range[];
  readonly parts?: readonly RowPart[];
  /** Rows of the first page, where fewer than a page are wanted. */
  readonly firstPage?: number | undefined;
}

/** The server counts in steps of the page size, and sends but the sum. */
const ROWS_PER_COUNT_STEP = 10_000;

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
    this.#statements = new Statements(target);
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

  /** Page by page, each asked for when it is wanted, so that one page is held at a time. */
  async *pages({ order, bounds = [], parts = ["message"], firstPage }: RowQuery): AsyncGenerator<StoredRow[], void> {
    const query = this.#statements.select(
      parts,
      bounds.map(([bound]) => bound),
      order,
    );
    const params = [this.#sessionId, ...bounds.map(([, id]) => id)];
    let fetchSize = Math.min(firstPage ?? this.#pageSize, this.#pageSize);
    let pageState: string | null | undefined;
    // Only the paging state tells the end: a page may be short, or empty, before it (native protocol v4, section 8).
    do {
      const paging: QueryOptions = pageState ? { fetchSize, pageState } : { fetchSize };
      const page: types.ResultSet = await this.#requests.read(query, params, paging);
      pageState = page.pageState;
      fetchSize = this.#pageSize;
      // A session of nothing but static columns is one row without an id.
      yield page.rows.filter((row) => row["id"] !== null).map(toStoredRow);
    } while (pageState);
  }

  /** All rows of a query that is known to be small. */
  async rows(query: RowQuery): Promise<StoredRow[]> {
    const rows: StoredRow[] = [];
    for await (const page of this.pages(query)) rows.push(...page);
    return rows;
  }

  async count(): Promise<number> {
    const result = await this.#requests.read(this.#statements.count, [this.#sessionId], {
      fetchSize: ROWS_PER_COUNT_STEP,
    });
    return Number(result.first()["rows"]);
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

function toStoredRow(row: types.Row): StoredRow {
  return { id: row["id"], text: row["message"] ?? "", ttl: row["ttl"] ?? null, writeTime: Number(row["writetime"]) };
}
