import type { BaseListChatMessageHistory } from "@langchain/core/chat_history";
import type { BaseMessage } from "@langchain/core/messages";
import type { CassandraChatMessageHistory } from "../history.ts";
import { hasFunctions } from "../schemas.ts";
import { windowLength } from "../window.ts";
import type { FailedWrites } from "./failed-writes.ts";

/** What the log holds of some messages. */
export interface Recognition {
  /** The ids of those that it holds. */
  readonly known: ReadonlySet<string>;
  /** Where the log ends now: what `idsAfter` takes. Absent where it is empty. */
  readonly cursor?: string | undefined;
}

/** A history as the middleware sees it, for the length of one hook. */
export interface ChatLog {
  window(maxMessages: number | undefined): Promise<BaseMessage[]>;
  /** Which of the messages, given in their order, are in the log, by their ids. */
  recognize(messages: readonly BaseMessage[]): Promise<Recognition>;
  /** The ids of the messages that were added since. */
  idsAfter(cursor: string | undefined): Promise<ReadonlySet<string>>;
  /** Adds the messages, all or none as far as the history can. */
  append(messages: readonly BaseMessage[]): Promise<void>;
}

/** What a history of this library offers beyond LangChain's, whichever copy of its class it is. */
type EntryHistory = Pick<
  CassandraChatMessageHistory,
  "keyspace" | "table" | "sessionId" | "getMessages" | "entries" | "append"
>;

/** As many rows as a run with some dozens of tool calls has. */
const ENTRIES_PER_LOOK = 100;

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

  /**
   * Looks back from the newest entry, as long as it meets any of the messages: a transcript that was sent again ends near
   * the end of the log. Nearly always that is one read.
   */
  async recognize(messages: readonly BaseMessage[]): Promise<Recognition> {
    const wanted = idsOf(messages);
    const oldest = messages[0]?.id;
    const known = new Set<string>();
    let cursor: string | undefined;
    let before: string | undefined;
    for (;;) {
      const met = known.size;
      let looked = 0;
      const options = { order: "newest-first", before, limit: ENTRIES_PER_LOOK, signal: this.#signal } as const;
      for await (const entry of this.#history.entries(options)) {
        looked += 1;
        cursor ??= entry.id;
        before = entry.id;
        if (entry.message.id !== undefined && wanted.has(entry.message.id)) known.add(entry.message.id);
      }
      const all = oldest === undefined || known.has(oldest);
      if (all || known.size === met || looked < ENTRIES_PER_LOOK) return { known, cursor };
    }
  }

  async idsAfter(cursor: string | undefined): Promise<ReadonlySet<string>> {
    const ids = new Set<string>();
    for await (const { message } of this.#history.entries({ after: cursor, signal: this.#signal })) {
      if (message.id !== undefined) ids.add(message.id);
    }
    return ids;
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
    const length = windowLength(messages.toReversed(), maxMessages, true) ?? 0;
    return messages.slice(messages.length - length);
  }

  async recognize(messages: readonly BaseMessage[]): Promise<Recognition> {
    const stored = await this.#messages();
    const ids = idsOf(stored);
    return { known: new Set([...idsOf(messages)].filter((id) => ids.has(id))), cursor: String(stored.length) };
  }

  async idsAfter(cursor: string | undefined): Promise<ReadonlySet<string>> {
    return idsOf((await this.#messages()).slice(Number(cursor ?? 0)));
  }

  append(messages: readonly BaseMessage[]): Promise<void> {
    return this.#history.addMessages([...messages]);
  }
}
