import { CassandraHistoryError } from "../errors/history-error.ts";
import type { EntriesOptions, EntryOrder, PageOptions } from "../options/arguments.ts";
import type { Range } from "../table/message-table.ts";
import type { ChatHistoryEntry, ChatHistoryPage } from "./entry.ts";
import type { SessionReader } from "./reader.ts";

/** One page for a user interface, and whether there is more on either side. */
export async function readPage(reader: SessionReader, options: PageOptions): Promise<ChatHistoryPage> {
  const { limit, before, after, signal } = options;
  const order: EntryOrder = after === undefined ? "newest-first" : "oldest-first";
  const [{ entries, goesOn }, beyondCursor] = await Promise.all([
    collect(reader, { order, before, after, signal }, limit),
    hasBeyond(reader, options),
  ]);
  if (order === "newest-first") entries.reverse();
  const [older, newer] = order === "newest-first" ? [goesOn, beyondCursor] : [beyondCursor, goesOn];
  const [first, last] = [entries[0]?.id, entries.at(-1)?.id];
  return Object.freeze({
    entries: Object.freeze(entries),
    ...(older && first !== undefined && { older: first }),
    ...(newer && last !== undefined && { newer: last }),
  });
}

/** So many entries, and whether there is one more. A corrupt one counts as one more: it is not on this page. */
async function collect(
  reader: SessionReader,
  range: EntriesOptions,
  limit: number,
): Promise<{ entries: ChatHistoryEntry[]; goesOn: boolean }> {
  const entries: ChatHistoryEntry[] = [];
  try {
    for await (const page of reader.entryPages({ ...range, limit: limit + 1 })) {
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

/** Whether a reader would meet anything on the other side of the cursor, the cursor's own entry included. */
async function hasBeyond(reader: SessionReader, { before, after, signal }: PageOptions): Promise<boolean> {
  if (before !== undefined) return hasEntry(reader, [">=", before], "oldest-first", signal);
  return after !== undefined && hasEntry(reader, ["<=", after], "newest-first", signal);
}

async function hasEntry(
  reader: SessionReader,
  bound: Range,
  order: EntryOrder,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const query = { order, bounds: [bound], firstPage: 1, signal };
  try {
    for await (const page of reader.entriesWithin(query, 1)) for (const _ of page) return true;
    return false;
  } catch (error) {
    // A corrupt row is there as well; it is not on this page.
    if (isCorruptRow(error)) return true;
    throw error;
  }
}

function isCorruptRow(error: unknown): boolean {
  return error instanceof CassandraHistoryError && error.code === "CORRUPT_ROW";
}
