import type { BaseMessage } from "@langchain/core/messages";
import type { ChatHistoryEntry } from "../history/entry.ts";
import type { CassandraChatMessageHistory } from "../history/history.ts";
import { hasFunctions } from "../options/schemas.ts";
import type { AddedIds, ChatLog, NewestFound } from "./chat-log.ts";
import type { FailedWrites } from "./failed-writes.ts";

/** What this library's histories offer beyond LangChain's. It is told by its methods: an application may load both builds. */
type EntryHistory = Pick<
  CassandraChatMessageHistory,
  "keyspace" | "table" | "sessionId" | "getMessages" | "entries" | "append"
>;

/** A run with some dozens of tool calls has as many messages. */
const ENTRIES_SEARCHED = 100;

export function isEntryHistory(history: object): history is EntryHistory {
  return hasFunctions(history, "entries", "append");
}

/** The log in a history of this library: its entry ids tell where the log ended at an earlier moment. */
export class EntryLog implements ChatLog {
  readonly key: string;
  readonly #history: EntryHistory;
  readonly #failed: FailedWrites;
  readonly #signal: AbortSignal | undefined;

  constructor(history: EntryHistory, failed: FailedWrites, signal: AbortSignal | undefined) {
    this.key = JSON.stringify([history.keyspace, history.table, history.sessionId]);
    this.#history = history;
    this.#failed = failed;
    this.#signal = signal;
  }

  readWindow(maxMessages: number | undefined): Promise<BaseMessage[]> {
    return this.#history.getMessages({ ...(maxMessages !== undefined && { maxMessages }), signal: this.#signal });
  }

  /** Looks through the newest 100 entries only. */
  async findNewest(ids: ReadonlySet<string>): Promise<NewestFound> {
    let cursor: string | undefined;
    for await (const { id, message } of this.#newestEntries(ENTRIES_SEARCHED)) {
      cursor ??= id;
      if (message.id !== undefined && ids.has(message.id)) return { newest: message.id, cursor };
    }
    return { newest: undefined, cursor };
  }

  async idsAddedAfter(cursor: string | undefined): Promise<AddedIds> {
    const ids = new Set<string>();
    let end = cursor;
    // This read tells the history the log's newest id, so that it adds after that. The read after the cursor may find nothing.
    for await (const { id } of this.#newestEntries(1)) end = id;
    for await (const { message } of this.#history.entries({ after: cursor, signal: this.#signal })) {
      if (message.id !== undefined) ids.add(message.id);
    }
    return { ids, cursor: end };
  }

  #newestEntries(limit: number): AsyncGenerator<ChatHistoryEntry, void> {
    return this.#history.entries({ order: "newest-first", limit, signal: this.#signal });
  }

  /** The run's signal does not stop the write: the run is over, and an aborted write may or may not be stored. */
  append(messages: readonly BaseMessage[]): Promise<void> {
    const write = JSON.stringify([this.key, ...messages.map(({ id }) => id)]);
    return this.#failed.retry(write, (ids) => this.#history.append(messages, { ids }));
  }
}
