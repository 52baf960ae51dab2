import type { BaseListChatMessageHistory } from "@langchain/core/chat_history";
import type { BaseMessage } from "@langchain/core/messages";
import type { ChatHistoryEntry } from "../history/entry.ts";
import type { CassandraChatMessageHistory } from "../history/history.ts";
import { windowLength } from "../history/window.ts";
import { hasFunctions } from "../options/schemas.ts";
import type { FailedWrites } from "./failed-writes.ts";

/** Where the log ends now: what `since` takes. Absent where the log is empty, or has no such place. */
interface Ending {
  readonly cursor?: string | undefined;
}

/** A history as the middleware sees it, for the length of one hook. */
export interface ChatLog {
  window(maxMessages: number | undefined): Promise<BaseMessage[]>;
  /** The id of that of the messages which stands newest in the log; absent where none does. */
  recognize(messages: readonly BaseMessage[]): Promise<Ending & { readonly newest?: string | undefined }>;
  /** The ids of the messages that were added since. */
  since(cursor: string | undefined): Promise<Ending & { readonly ids: ReadonlySet<string> }>;
  /** Adds the messages, all or none as far as the history can. */
  append(messages: readonly BaseMessage[]): Promise<void>;
}

/** What a history of this library offers beyond LangChain's, whichever copy of its class it is. */
type EntryHistory = Pick<
  CassandraChatMessageHistory,
  "keyspace" | "table" | "sessionId" | "getMessages" | "entries" | "append"
>;

/** As many rows as a run with some dozens of tool calls has. */
const ENTRIES_LOOKED_AT = 100;

export function openLog(
  history: BaseListChatMessageHistory,
  failed: FailedWrites,
  signal: AbortSignal | undefined,
): ChatLog {
  return isEntryHistory(history) ? new EntryLog(history, failed, signal) : new ListLog(history);
}

function isEntryHistory(history: object): history is EntryHistory {
  return hasFunctions(history, "entries", "append");
}

function idsOf(messages: readonly BaseMessage[]): Set<string> {
  return new Set(messages.flatMap(({ id }) => id ?? []));
}

class EntryLog implements ChatLog {
  readonly #history: EntryHistory;
  readonly #failed: FailedWrites;
  readonly #signal: AbortSignal | undefined;

  constructor(history: EntryHistory, failed: FailedWrites, signal: AbortSignal | undefined) {
    this.#history = history;
    this.#failed = failed;
    this.#signal = signal;
  }

  window(maxMessages: number | undefined): Promise<BaseMessage[]> {
    return this.#history.getMessages({ ...(maxMessages !== undefined && { maxMessages }), signal: this.#signal });
  }

  /** A transcript that was sent again ends near the end of the log. */
  async recognize(messages: readonly BaseMessage[]): Promise<{ newest?: string; cursor?: string | undefined }> {
    const wanted = idsOf(messages);
    let cursor: string | undefined;
    for await (const { id, message } of this.#newest(ENTRIES_LOOKED_AT)) {
      cursor ??= id;
      if (message.id !== undefined && wanted.has(message.id)) return { newest: message.id, cursor };
    }
    return { cursor };
  }

  async since(cursor: string | undefined): Promise<{ ids: Set<string>; cursor: string | undefined }> {
    const ids = new Set<string>();
    let end = cursor;
    // Read by itself: behind the cursor may be nothing, and the history adds after what it has read.
    for await (const { id } of this.#newest(1)) end = id;
    for await (const { message } of this.#history.entries({ after: cursor, signal: this.#signal })) {
      if (message.id !== undefined) ids.add(message.id);
    }
    return { ids, cursor: end };
  }

  #newest(limit: number): AsyncGenerator<ChatHistoryEntry, void> {
    return this.#history.entries({ order: "newest-first", limit, signal: this.#signal });
  }

  /** Not cut short by the run's signal: the run is over, and whether the write took effect should be known. */
  append(messages: readonly BaseMessage[]): Promise<void> {
    const { keyspace, table, sessionId } = this.#history;
    const attempt = JSON.stringify([keyspace, table, sessionId, ...messages.map(({ id }) => id)]);
    return this.#failed.retrying(attempt, (ids) => this.#history.append(messages, { ids }));
  }
}

/** A history of anyone else: it is read as a whole. */
class ListLog implements ChatLog {
  readonly #history: BaseListChatMessageHistory;
  #read: Promise<BaseMessage[]> | undefined;

  constructor(history: BaseListChatMessageHistory) {
    this.#history = history;
  }

  #messages(): Promise<BaseMessage[]> {
    this.#read ??= this.#history.getMessages();
    return this.#read;
  }

  async window(maxMessages: number | undefined): Promise<BaseMessage[]> {
    const messages = await this.#messages();
    if (maxMessages === undefined) return messages;
    const length = windowLength(messages.toReversed(), maxMessages, { complete: true, start: "any" }) ?? 0;
    return messages.slice(messages.length - length);
  }

  async recognize(messages: readonly BaseMessage[]): Promise<{ newest: string | undefined }> {
    const stored = await this.#messages();
    const wanted = idsOf(messages);
    return { newest: stored.findLast(({ id }) => id !== undefined && wanted.has(id))?.id };
  }

  /** All that there is: a list that leaves out, or expires, tells nothing by its length. */
  async since(): Promise<{ ids: Set<string> }> {
    return { ids: idsOf(await this.#messages()) };
  }

  append(messages: readonly BaseMessage[]): Promise<void> {
    return this.#history.addMessages([...messages]);
  }
}
