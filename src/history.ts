import { BaseListChatMessageHistory } from "@langchain/core/chat_history";
import type { BaseMessage } from "@langchain/core/messages";
import { untilAborted } from "./abort.ts";
import { compareIds, idDate, SessionClock } from "./clock.ts";
import { setupFailed } from "./errors.ts";
import {
  type AppendOptions,
  type CassandraChatMessageHistoryOptions,
  type GetMessagesOptions,
  type ResolvedOptions,
  resolveAppendOptions,
  resolveGetMessagesOptions,
  resolveOptions,
} from "./options.ts";
import { CallOrder } from "./order.ts";
import { Outbox } from "./outbox.ts";
import { decodeRow, type EncodedMessage, encodeRow } from "./rows.ts";
import { MessageTable, type StoredRow } from "./table/table.ts";
import { describeValue, invalidOption } from "./validation.ts";
import { windowLength } from "./window.ts";

/** A message as it stands in the history. */
export interface ChatHistoryEntry {
  /** A timeuuid: unique in the table, and in the order of the messages. */
  readonly id: string;
  /** When the message was added, by the clock of the process that added it. */
  readonly createdAt: Date;
  readonly message: BaseMessage;
  /** When the message expires; absent where it does not. */
  readonly expiresAt?: Date;
}

/**
 * LangChain chat history in Apache Cassandra or Astra DB: nothing lost, nothing out of order.
 *
 * Messages come back in the order in which they were added. Calls on one history take effect in the order in which they
 * were made, awaited or not; what several processes add is ordered by their clocks, except that a process which has read
 * the session adds after everything it read. Constructing does no I/O; the table is made on first use. One client serves
 * any number of histories, so that one history per request costs nothing.
 *
 * Every method rejects with a {@link CassandraHistoryError}, or with the reason of an aborted `signal`.
 */
export class CassandraChatMessageHistory extends BaseListChatMessageHistory {
  static override lc_name(): string {
    return "CassandraChatMessageHistory";
  }

  lc_namespace: string[] = ["langchain", "stores", "message", "cassandra"];

  readonly #options: ResolvedOptions;
  readonly #clock: SessionClock;
  readonly #table: MessageTable;
  readonly #outbox: Outbox;
  readonly #calls = new CallOrder();

  /** Checks the options and does no I/O. Throws `INVALID_OPTION`, naming the option, what was expected and what came. */
  constructor(options: CassandraChatMessageHistoryOptions) {
    // No argument: LangChain would keep it in lc_kwargs, where JSON.stringify shows the client and its credentials.
    super();
    const resolved = resolveOptions(options);
    this.#options = resolved;
    this.#clock = new SessionClock(JSON.stringify([resolved.keyspace, resolved.table, resolved.sessionId]));
    this.#table = new MessageTable(resolved);
    this.#outbox = new Outbox((rows) => this.#table.insert(rows));
  }

  get sessionId(): string {
    return this.#options.sessionId;
  }

  get keyspace(): string {
    return this.#options.keyspace;
  }

  get table(): string {
    return this.#options.table;
  }

  /**
   * Makes the table now instead of on first use: once per client and table, however many histories ask. A table that is
   * there costs no DDL and needs no CREATE permission. Rejects with `SETUP_FAILED`; the next call tries again.
   */
  async setup(): Promise<void> {
    try {
      await this.#table.ensure();
    } catch (error) {
      throw setupFailed(error);
    }
  }

  /**
   * All messages, oldest first: complete, however many rows and pages there are. With `maxMessages` the newest ones only,
   * in one read: tool messages at the window's head are left out, and a window of nothing but tool messages is stretched
   * back to the message that called them, where that is stored. Rejects with `READ_FAILED` or `CORRUPT_ROW`.
   */
  override async getMessages(options?: GetMessagesOptions): Promise<BaseMessage[]> {
    const { maxMessages = this.#options.maxMessages, signal } = resolveGetMessagesOptions(options);
    signal?.throwIfAborted();
    return untilAborted(
      this.#calls.run("read", () => this.#readNewest(maxMessages, signal)),
      signal,
    );
  }

  /** Adds one message: the same as {@link addMessages} with one. */
  override async addMessage(message: BaseMessage): Promise<void> {
    await this.#add([message], {});
  }

  /**
   * Adds messages, all or nothing, in one round trip for up to 1 MiB of encoded text and 65,535 messages; more is sent in
   * order, in as few such steps as it takes. What is added is what the messages are at the call. Adds made in one turn of
   * the event loop share round trips, each call settling on its own. The driver may retry: writes are idempotent.
   *
   * Rejects with `INVALID_MESSAGE` or `MESSAGE_TOO_LARGE` (nothing of the call is written), or `WRITE_FAILED`.
   */
  override async addMessages(messages: BaseMessage[]): Promise<void> {
    await this.#add(messages, {});
  }

  /**
   * {@link addMessages} that tells the entries it made. After a `WRITE_FAILED`, pass the error's `ids` with the same
   * messages to try again: no message can then be stored twice.
   */
  async append(messages: readonly BaseMessage[], options?: AppendOptions): Promise<ChatHistoryEntry[]> {
    const resolved = resolveAppendOptions(options);
    resolved.signal?.throwIfAborted();
    const added = await untilAborted(this.#add(messages, resolved), resolved.signal);
    return added.map(toEntry);
  }

  /** Removes every message of the session, in one request. What this process adds after it resolved stays. */
  override async clear(): Promise<void> {
    return this.#calls.run("edit", () => this.#table.removeAll());
  }

  async #add(messages: readonly BaseMessage[], { ids, ttlSeconds }: AppendOptions): Promise<EncodedMessage[]> {
    if (!Array.isArray(messages)) throw invalidOption("messages", "an array of messages", describeValue(messages));
    if (ids !== undefined) checkIds(ids, messages.length);
    const ttl = ttlSeconds ?? this.#options.ttlSeconds;
    const rows = messages.map((message, at) =>
      encodeRow(message, at, ids?.[at] ?? this.#clock.nextId(), ttl, this.#options),
    );
    const newest = ids?.at(-1);
    if (newest !== undefined) this.#clock.observe(newest);
    if (rows.length > 0) await this.#calls.run("add", () => this.#outbox.send(rows));
    return rows;
  }

  async #readNewest(size: number | undefined, signal: AbortSignal | undefined): Promise<BaseMessage[]> {
    const newestFirst: BaseMessage[] = [];
    for await (const page of this.#table.newestFirst(size)) {
      signal?.throwIfAborted();
      this.#observe(page[0]);
      for (const row of page) {
        const message = decodeRow(row, this.#options);
        if (message !== undefined) newestFirst.push(message);
      }
      if (size === undefined) continue;
      // One page of older rows is enough to look for a call in.
      const length = windowLength(newestFirst, size, newestFirst.length >= size + this.#options.pageSize);
      if (length !== undefined) return newestFirst.slice(0, length).reverse();
    }
    const length = size === undefined ? newestFirst.length : windowLength(newestFirst, size, true);
    return newestFirst.slice(0, length).reverse();
  }

  #observe(newest: StoredRow | undefined): void {
    if (newest !== undefined) this.#clock.observe(newest.id.toString());
  }
}

function checkIds(ids: readonly string[], messages: number): void {
  const expected = "as many timeuuids as messages, in ascending order (the `ids` of the failed attempt)";
  if (ids.length !== messages) throw invalidOption("ids", expected, `${ids.length} ids for ${messages} messages`);
  const unordered = ids.find((id, at) => at > 0 && compareIds(ids[at - 1] ?? id, id) >= 0);
  if (unordered !== undefined) throw invalidOption("ids", expected, `${unordered} after one that is not less`);
}

function toEntry({ id, ttlSeconds, message }: EncodedMessage): ChatHistoryEntry {
  const entry = { id, createdAt: idDate(id), message };
  if (ttlSeconds === undefined) return Object.freeze(entry);
  return Object.freeze({ ...entry, expiresAt: new Date(Date.now() + ttlSeconds * 1000) });
}
