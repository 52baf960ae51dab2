import type { BaseMessage } from "@langchain/core/messages";
import { CassandraHistoryError, readFailed } from "../errors/history-error.ts";
import type { SessionClock } from "../ids/clock.ts";
import type { EntriesOptions, PageOptions } from "../options/arguments.ts";
import type { ResolvedOptions } from "../options/history-options.ts";
import type { RowOrder } from "../table/statements.ts";
import {
  type MessageTable,
  PAGE_SIZE,
  type Range,
  type RowPage,
  type RowQuery,
  type StoredRow,
} from "../table/table.ts";
import { type ChatHistoryEntry, type ChatHistoryPage, createEntry } from "./entry.ts";
import { decodeRow } from "./rows.ts";
import { windowLength } from "./window.ts";

/** About as much text as one page of a whole read has, in characters, and its rows at the most: the driver's own page size. */
const PAGE_TEXT = 4 * 1024 * 1024;
const MOST_ROWS = 5000;

/** Older messages among which a window looks for the calls of its tool messages: one read more, whatever the page size. */
const ROWS_REACHED_BACK = PAGE_SIZE;

/** Reads one session: rows from the table, messages out, and the clock told what it has to stay above. */
export class SessionReader {
  readonly #table: MessageTable;
  readonly #clock: SessionClock;
  readonly #options: ResolvedOptions;

  constructor(table: MessageTable, clock: SessionClock, options: ResolvedOptions) {
    this.#table = table;
    this.#clock = clock;
    this.#options = options;
  }

  /** The newest messages, oldest first: a window of `size`, or all. */
  async newest(size: number | undefined, signal: AbortSignal | undefined): Promise<BaseMessage[]> {
    const newestFirst: BaseMessage[] = [];
    const query = { order: "newest-first", firstPage: size } as const;
    let page: RowPage = await this.#page(query, undefined);
    for (;;) {
      signal?.throwIfAborted();
      const { next } = page;
      // All are wanted: the next page is on its way while this one is decoded.
      const following = size === undefined && next !== undefined ? this.#pageAhead(query, page.rows, next) : undefined;
      for (const row of page.rows) {
        const message = decodeRow(row, this.#options);
        if (message !== undefined) newestFirst.push(message);
      }
      if (size !== undefined) {
        const complete = next === undefined || newestFirst.length >= size + ROWS_REACHED_BACK;
        const length = windowLength(newestFirst, size, complete);
        if (length !== undefined) return newestFirst.slice(0, length).reverse();
      }
      if (next === undefined) return newestFirst.reverse();
      const reachesBack = size !== undefined && newestFirst.length >= size;
      page = await (following ?? this.#page(reachesBack ? { ...query, pageSize: ROWS_REACHED_BACK } : query, next));
    }
  }

  /** The page after these rows, which is awaited later, or never where they are corrupt. */
  #pageAhead(query: RowQuery, rows: readonly StoredRow[], next: string): Promise<RowPage> {
    const { pageSize = rowsOfNextPage(rows) } = this.#options;
    const page = this.#page({ ...query, pageSize }, next);
    page.catch(() => {});
    return page;
  }

  /** Entries page by page, as they are asked for; each page has to be taken before the next is asked for. */
  async *entryPages(options: EntriesOptions): AsyncGenerator<Iterable<ChatHistoryEntry>, void> {
    const { order = "oldest-first", after, before, limit, signal } = options;
    const bounds: Range[] = [];
    if (after !== undefined) bounds.push([">", after]);
    if (before !== undefined) bounds.push(["<", before]);
    yield* this.#entriesWithin(bounds, order, limit, signal);
  }

  async *#entriesWithin(
    bounds: readonly Range[],
    order: RowOrder,
    limit = Number.POSITIVE_INFINITY,
    signal?: AbortSignal,
  ): AsyncGenerator<Iterable<ChatHistoryEntry>, void> {
    const left = { entries: limit };
    for await (const page of this.#pages({ order, bounds, parts: ["message", "ttl"], firstPage: limit })) {
      signal?.throwIfAborted();
      yield this.#toEntries(page, left, Date.now());
      if (left.entries <= 0) return;
    }
  }

  /** Each is made as it is taken: of a whole page, made at once and held, engines take what follows for long-lived, too. */
  *#toEntries(
    rows: readonly StoredRow[],
    left: { entries: number },
    readAt: number,
  ): Generator<ChatHistoryEntry, void> {
    for (const row of rows) {
      if (left.entries <= 0) return;
      const message = decodeRow(row, this.#options);
      if (message === undefined) continue;
      left.entries -= 1;
      yield createEntry(row.id.toString(), message, row.ttl ?? undefined, readAt);
    }
  }

  async page({ limit, before, after }: PageOptions): Promise<ChatHistoryPage> {
    const order = after === undefined ? "newest-first" : "oldest-first";
    const [{ entries: shown, goesOn }, beyondCursor] = await Promise.all([
      this.#collect({ order, before, after }, limit),
      this.#hasBeyond(before, after),
    ]);
    if (order === "newest-first") shown.reverse();
    const [older, newer] = order === "newest-first" ? [goesOn, beyondCursor] : [beyondCursor, goesOn];
    const [first, last] = [shown[0]?.id, shown.at(-1)?.id];
    return Object.freeze({
      entries: Object.freeze(shown),
      ...(older && first !== undefined && { older: first }),
      ...(newer && last !== undefined && { newer: last }),
    });
  }

  /** So many entries, and whether there is one more: a corrupt one counts, since it is not on this page. */
  async #collect(range: EntriesOptions, limit: number): Promise<{ entries: ChatHistoryEntry[]; goesOn: boolean }> {
    const entries: ChatHistoryEntry[] = [];
    try {
      for await (const page of this.entryPages({ ...range, limit: limit + 1 })) {
        for (const entry of page) {
          if (entries.length === limit) return { entries, goesOn: true };
          entries.push(entry);
        }
      }
      return { entries, goesOn: false };
    } catch (error) {
      if (entries.length < limit || !isCorruptRow(error)) throw error;
      return { entries, goesOn: true };
    }
  }

  /** Whether a reader would meet anything on the other side of the cursor, itself included. */
  async #hasBeyond(before: string | undefined, after: string | undefined): Promise<boolean> {
    if (before !== undefined) return this.#hasEntry([">=", before], "oldest-first");
    return after !== undefined && this.#hasEntry(["<=", after], "newest-first");
  }

  async #hasEntry(bound: Range, order: RowOrder): Promise<boolean> {
    try {
      for await (const page of this.#entriesWithin([bound], order, 1)) for (const _ of page) return true;
      return false;
    } catch (error) {
      // A corrupt row is there as well; it is not on this page.
      if (isCorruptRow(error)) return true;
      throw error;
    }
  }

  async count(): Promise<number> {
    try {
      return await this.#table.count();
    } catch (error) {
      throw readFailed(error);
    }
  }

  async #page(query: RowQuery, next: string | undefined): Promise<RowPage> {
    try {
      const page = await this.#table.page(query, next);
      this.#observe(query, page.rows);
      return page;
    } catch (error) {
      throw readFailed(error);
    }
  }

  async *#pages(query: RowQuery): AsyncGenerator<StoredRow[], void> {
    for await (const page of readPages(this.#table, query)) {
      this.#observe(query, page);
      yield page;
    }
  }

  #observe({ order }: RowQuery, rows: readonly StoredRow[]): void {
    const newest = order === "newest-first" ? rows[0] : rows.at(-1);
    if (newest !== undefined) this.#clock.observe(newest.id.toString());
  }
}

function isCorruptRow(error: unknown): boolean {
  return error instanceof CassandraHistoryError && error.code === "CORRUPT_ROW";
}

/** As many rows as these as PAGE_TEXT holds: fewer round trips for short messages, and less memory for long ones. */
function rowsOfNextPage(rows: readonly StoredRow[]): number {
  const length = rows.reduce((sum, { message }) => sum + (message?.length ?? 0), 0);
  if (length === 0) return MOST_ROWS;
  return Math.max(1, Math.min(MOST_ROWS, Math.floor((rows.length * PAGE_TEXT) / length)));
}

/** The table's pages; what the driver throws becomes `READ_FAILED`. */
export async function* readPages(table: MessageTable, query: RowQuery): AsyncGenerator<StoredRow[], void> {
  try {
    yield* table.pages(query);
  } catch (error) {
    throw readFailed(error);
  }
}
