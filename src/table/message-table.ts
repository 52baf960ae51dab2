import type { EntryOrder } from "../options/arguments.ts";
import { timeAfterDelete } from "./meeting-edits.ts";
import { type BoundStatement, type ReadRequest, type RequestTarget, TableRequests } from "./requests.ts";
import { RowMemory } from "./row-memory.ts";
import { SharedTable } from "./shared-table.ts";
import type { Bound, RowPart, Statements } from "./statements.ts";
import { holdsMessage, type NewRow, type RemovedRow, type StoredRow } from "./stored-row.ts";

/** Each query reads the message or its write time: both are null where a row holds no message. */
export type Selection = readonly ["message" | "writetime", ...RowPart[]];

/** One bound on the ids of rows. */
export type Range = readonly [bound: Bound, id: string | readonly string[]];

/** Which rows to read, and how. */
export interface RowQuery {
  readonly order: EntryOrder;
  readonly bounds?: readonly Range[];
  readonly parts?: Selection;
  /** Rows of each page, where it is not the history's. */
  readonly pageSize?: number;
  /** Rows of the first page, where fewer than a page are wanted. */
  readonly firstPage?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface RowPage {
  /** Rows that hold a message. */
  readonly rows: StoredRow[];
  /** Where the next page begins; undefined at the end. */
  readonly next: string | undefined;
  /** When the request was handed to the driver: milliseconds of the steady clock. */
  readonly sentAt: number;
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

const MESSAGES: Selection = ["message", "id"];

/** The rows of one session: rows in, rows out, the driver's errors as they come. Knows nothing of LangChain. */
export class MessageTable {
  /** What this process did to the session's rows. */
  readonly memory: RowMemory;
  readonly #sessionId: string;
  readonly #pageSize: number;
  readonly #requests: TableRequests;
  readonly #statements: Statements;

  constructor(target: SessionTarget) {
    this.memory = new RowMemory(target.keyspace, target.table, target.sessionId);
    this.#sessionId = target.sessionId;
    this.#pageSize = target.pageSize;
    this.#requests = new TableRequests(SharedTable.of(target), target);
    this.#statements = this.#requests.table.statements;
  }

  ensure(): Promise<void> {
    return this.#requests.table.ensure();
  }

  /**
   * Stores all rows or none, in one round trip. They have to fit one batch. Where this process deleted one of them later than the
   * timestamp, all are dated just after that delete.
   *
   * @param rows - asked for when the request is handed to the driver, so that what was given up by then is left out
   */
  insert(rows: () => readonly NewRow[], { timestamp, signal }: WriteOptions): Promise<void> {
    let time = timestamp;
    const statements = (): BoundStatement[] => {
      const given = rows();
      time = this.insertTime(given, timestamp);
      return given.map((row) => this.#bindInsert(row));
    };
    return this.#requests.write(statements, () => time, signal);
  }

  /** When an insert of these rows is dated that is made at this time. */
  insertTime(rows: readonly NewRow[], timestamp: number): number {
    return Math.max(timestamp, timeAfterDelete(this.memory.lastDelete(rows, timestamp)));
  }

  /** Stores rows at this timestamp: a delete that is later wins. */
  update(rows: () => readonly NewRow[], { timestamp, signal }: WriteOptions): Promise<void> {
    return this.#requests.write(
      () => rows().map((row) => this.#bindInsert(row)),
      () => timestamp,
      signal,
    );
  }

  #bindInsert({ id, text, ttlSeconds }: NewRow): BoundStatement {
    const { insert, insertWithTtl } = this.#statements;
    return ttlSeconds === undefined
      ? { query: insert, params: [this.#sessionId, id, text] }
      : { query: insertWithTtl, params: [this.#sessionId, id, text, ttlSeconds] };
  }

  /** One page; `next` is what to pass for the one after it. */
  async page(query: RowQuery, next?: string): Promise<RowPage> {
    const { order, bounds = [], parts = MESSAGES, pageSize = this.#pageSize, firstPage = pageSize, signal } = query;
    const request: ReadRequest = {
      query: this.#statements.select(
        parts,
        bounds.map(([bound]) => bound),
        order,
      ),
      params: [this.#sessionId, ...bounds.map(([, id]) => id)],
      fetchSize: next === undefined ? Math.min(firstPage, pageSize) : pageSize,
      pageState: next,
      sentAt: 0,
    };
    const { rows, pageState } = await this.#requests.read(request, signal);
    // Only the paging state tells the end: a page may be short, or empty, before it (native protocol v4, section 8).
    return { rows: rows.filter(holdsMessage), next: pageState || undefined, sentAt: request.sentAt };
  }

  /** Page by page. The next page is asked for when it is wanted, so that one page is held at a time. */
  async *pages(query: RowQuery): AsyncGenerator<RowPage, void> {
    let next: string | undefined;
    do {
      const page: RowPage = await this.page(query, next);
      yield page;
      next = page.next;
    } while (next !== undefined);
  }

  /** All rows of a query that is known to be small. */
  async rows(query: RowQuery): Promise<StoredRow[]> {
    const rows: StoredRow[] = [];
    for await (const page of this.pages(query)) rows.push(...page.rows);
    return rows;
  }

  /** Deletes the whole session, or what the bound says, and these rows: all or nothing. They have to fit one batch. */
  removeRange(
    range: Range | undefined,
    rows: readonly RemovedRow[],
    { timestamp, signal }: WriteOptions,
  ): Promise<void> {
    const [bound, id] = range ?? [];
    const query = this.#statements.delete(bound === undefined ? [] : [bound]);
    const params = id === undefined ? [this.#sessionId] : [this.#sessionId, id];
    return this.#requests.write(
      () => [{ query, params }, ...this.#bindDeletes(rows)],
      () => timestamp,
      signal,
    );
  }

  /** Deletes these rows, all or none. They have to fit one batch. */
  removeRows(rows: readonly RemovedRow[], { timestamp, signal }: WriteOptions): Promise<void> {
    return this.#requests.write(
      () => this.#bindDeletes(rows),
      () => timestamp,
      signal,
    );
  }

  #bindDeletes(rows: readonly RemovedRow[]): BoundStatement[] {
    const [query, queryAt] = [this.#statements.delete(["="]), this.#statements.deleteAt()];
    return rows.map(({ id, deleteTime }) => {
      if (deleteTime === undefined) return { query, params: [this.#sessionId, id] };
      // What this process stores again by the same id is dated after that.
      this.memory.rememberDelete(id, deleteTime);
      // As text: the client's options decide whether the driver takes a number or a bigint. It always takes a text.
      return { query: queryAt, params: [String(deleteTime), this.#sessionId, id] };
    });
  }
}
