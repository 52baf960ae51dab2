import type { BaseMessage } from "@langchain/core/messages";
import { lookFailed, readFailed } from "../errors/failures.ts";
import type { SessionClock } from "../ids/clock.ts";
import { readSystemMillis } from "../ids/readings.ts";
import type { EntriesOptions } from "../options/arguments.ts";
import type { ResolvedOptions, WindowStart } from "../options/history-options.ts";
import { REACH_BACK_ROWS, WHOLE_READ_PAGE_BYTES, WHOLE_READ_PAGE_ROWS } from "../options/limits.ts";
import { throwIfAborted } from "../table/abort.ts";
import type { MessageTable, Range, RowPage, RowQuery, Selection } from "../table/message-table.ts";
import type { StoredRow } from "../table/stored-row.ts";
import { type ChatHistoryEntry, createEntry } from "./entry.ts";
import { decodeRow } from "./row-codec.ts";
import { windowLength } from "./window.ts";

const NEWEST_ID: Selection = ["writetime", "id"];

/** Which of the newest messages a read returns. */
export interface Window {
  readonly size: number;
  readonly start: WindowStart;
}

/** One session as its parts need it: the options, the table and the clock. */
export interface Session {
  readonly options: ResolvedOptions;
  readonly table: MessageTable;
  readonly clock: SessionClock;
}

/** Reads one session: rows from the table become messages. The clock is told the newest id, so that later ids are above it. */
export class SessionReader {
  readonly #table: MessageTable;
  readonly #clock: SessionClock;
  readonly #options: ResolvedOptions;

  constructor({ table, clock, options }: Session) {
    this.#table = table;
    this.#clock = clock;
    this.#options = options;
  }

  /** All messages, oldest first. The next page is on its way while one is decoded. */
  async all(signal: AbortSignal | undefined): Promise<BaseMessage[]> {
    const newestFirst: BaseMessage[] = [];
    const query: RowQuery = { order: "newest-first", signal };
    let page = await this.#page(query);
    while (page.next !== undefined) {
      const following = this.#pageAhead(query, page);
      this.#decode(page.rows, newestFirst);
      page = await following;
      throwIfAborted(signal);
    }
    this.#decode(page.rows, newestFirst);
    return newestFirst.reverse();
  }

  /** The newest messages, oldest first. */
  async window({ size, start }: Window, signal: AbortSignal | undefined): Promise<BaseMessage[]> {
    const newestFirst: BaseMessage[] = [];
    const query: RowQuery = { order: "newest-first", firstPage: size, signal };
    for (let next: string | undefined; ; ) {
      const page: RowPage = await this.#page(query, next);
      throwIfAborted(signal);
      this.#decode(page.rows, newestFirst);
      next = page.next;
      const complete = next === undefined || newestFirst.length >= size + REACH_BACK_ROWS;
      const length = windowLength(newestFirst, size, { complete, start });
      if (length !== undefined) return newestFirst.slice(0, length).reverse();
    }
  }

  #decode(rows: readonly StoredRow[], messages: BaseMessage[]): void {
    for (const row of rows) {
      const message = decodeRow(row, this.#options);
      if (message !== undefined) messages.push(message);
    }
  }

  /** Asks for the page after this one. The caller awaits it later, or never where a row of this page is corrupt. */
  #pageAhead(query: RowQuery, { rows, next }: RowPage): Promise<RowPage> {
    const pageSize = this.#options.adaptsPages ? rowsOfNextPage(rows) : this.#options.pageSize;
    const page = this.#page({ ...query, pageSize }, next);
    page.catch(() => {});
    return page;
  }

  /** Entries page by page, as they are asked for. Each page has to be taken before the next is asked for. */
  async *entryPages(options: EntriesOptions): AsyncGenerator<Iterable<ChatHistoryEntry>, void> {
    const { order = "oldest-first", after, before, limit = Number.POSITIVE_INFINITY, signal } = options;
    const bounds: Range[] = [];
    if (after !== undefined) bounds.push([">", after]);
    if (before !== undefined) bounds.push(["<", before]);
    yield* this.entriesWithin({ order, bounds, parts: ["message", "id", "ttl"], firstPage: limit, signal }, limit);
  }

  async *entriesWithin(query: RowQuery, limit: number): AsyncGenerator<Iterable<ChatHistoryEntry>, void> {
    const left = { entries: limit };
    for await (const page of this.#pages(query)) {
      throwIfAborted(query.signal);
      yield this.#toEntries(page, left, readSystemMillis());
      if (left.entries <= 0) return;
    }
  }

  /** Yields entries lazily. Building the whole page first makes V8 move it, and what follows, to the old generation. */
  *#toEntries(
    rows: readonly StoredRow[],
    left: { entries: number },
    readAt: number | undefined,
  ): Generator<ChatHistoryEntry, void> {
    for (const row of rows) {
      if (left.entries <= 0) return;
      const message = decodeRow(row, this.#options);
      if (message === undefined) continue;
      left.entries -= 1;
      yield createEntry(row.id.toString(), message, row.ttl ?? undefined, readAt);
    }
  }

  /**
   * How many rows hold a message. Reads their write times: no text travels, and eight bytes a row are less than an id has. Page
   * by page: the server's own count() has to be done within one read timeout, which a long session outlasts.
   */
  async count(signal: AbortSignal | undefined): Promise<number> {
    const pageSize = this.#options.adaptsPages ? WHOLE_READ_PAGE_ROWS : this.#options.pageSize;
    let count = 0;
    const query: RowQuery = { order: "newest-first", parts: ["writetime"], pageSize, signal };
    for await (const { rows } of readRowPages(this.#table, query)) count += rows.length;
    return count;
  }

  /** The id of the session's newest message, for an add that has to come after it; undefined where there is none. */
  async newestId(signal: AbortSignal | undefined): Promise<string | undefined> {
    try {
      for await (const { rows } of this.#table.pages({
        order: "newest-first",
        parts: NEWEST_ID,
        firstPage: 1,
        signal,
      })) {
        if (rows[0] !== undefined) return rows[0].id.toString();
      }
      return undefined;
    } catch (error) {
      throwIfAborted(signal);
      throw lookFailed(error);
    }
  }

  async #page(query: RowQuery, next?: string): Promise<RowPage> {
    try {
      const page = await this.#table.page(query, next);
      this.#observe(query, page.rows);
      return page;
    } catch (error) {
      throwIfAborted(query.signal);
      throw readFailed(error);
    }
  }

  async *#pages(query: RowQuery): AsyncGenerator<StoredRow[], void> {
    for await (const { rows } of readRowPages(this.#table, query)) {
      this.#observe(query, rows);
      yield rows;
    }
  }

  /** What this process adds from now on comes after what it has read. Rows without a message do not count. */
  #observe({ order }: RowQuery, rows: readonly StoredRow[]): void {
    const newest = order === "newest-first" ? rows[0] : rows.at(-1);
    if (newest !== undefined) this.#clock.observe(newest.id.getBuffer());
  }
}

/** How many rows of this size make `WHOLE_READ_PAGE_BYTES`: fewer round trips for short messages, less memory for long ones. */
function rowsOfNextPage(rows: readonly StoredRow[]): number {
  const bytes = rows.reduce((sum, { message }) => sum + Buffer.byteLength(message ?? ""), 0);
  if (bytes === 0) return WHOLE_READ_PAGE_ROWS;
  return Math.max(1, Math.min(WHOLE_READ_PAGE_ROWS, Math.floor((rows.length * WHOLE_READ_PAGE_BYTES) / bytes)));
}

/** The table's pages. What the driver throws becomes `READ_FAILED`. */
export async function* readRowPages(table: MessageTable, query: RowQuery): AsyncGenerator<RowPage, void> {
  try {
    yield* table.pages(query);
  } catch (error) {
    throwIfAborted(query.signal);
    throw readFailed(error);
  }
}
