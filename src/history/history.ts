import { BaseListChatMessageHistory } from "@langchain/core/chat_history";
import type { BaseMessage } from "@langchain/core/messages";
import { editFailed, notFound, setupFailed } from "../errors/history-error.ts";
import { SessionClock } from "../ids/clock.ts";
import {
  type AppendOptions,
  checkArguments,
  checkIds,
  checkMessages,
  checkText,
  type EntriesOptions,
  type ForkOptions,
  type GetMessagesOptions,
  type PageOptions,
} from "../options/arguments.ts";
import {
  type CassandraChatMessageHistoryOptions,
  type ResolvedOptions,
  resolveOptions,
} from "../options/history-options.ts";
import { invalidOption } from "../options/validation.ts";
import { untilAborted } from "../table/abort.ts";
import { MessageTable } from "../table/table.ts";
import { maxBatchRows } from "./batches.ts";
import { CallOrder } from "./call-order.ts";
import { removeIds, removeVisible, replaceRow } from "./edits.ts";
import { type ChatHistoryEntry, type ChatHistoryPage, createEntry } from "./entry.ts";
import { copySession, type Session } from "./fork.ts";
import { Outbox } from "./outbox.ts";
import { SessionReader } from "./reader.ts";
import { type EncodedMessage, encodeRow } from "./rows.ts";

const NO_OPTIONS: AppendOptions = Object.freeze({});

/**
 * LangChain chat history in Apache Cassandra or Astra DB: nothing lost, nothing out of order.
 *
 * Messages come back in the order in which they were added. Calls on one history take effect in the order in which they
 * were made, awaited or not; what several processes add is ordered by their clocks, except that a process which has read
 * the session adds after everything it read. Constructing does no I/O; the table is made on first use. One client serves
 * any number of histories, so that one history per request costs nothing.
 *
 * Every method rejects with a {@link CassandraHistoryError}, or with the reason of an aborted `signal`;
 * what a function given as `onCorruptRow` throws passes as it is.
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
  readonly #reader: SessionReader;
  readonly #calls = new CallOrder();

  get #session(): Session {
    return { options: this.#options, table: this.#table, clock: this.#clock };
  }

  /** Checks the options and does no I/O. Throws `INVALID_OPTION`, naming the option, what was expected and what came. */
  constructor(options: CassandraChatMessageHistoryOptions) {
    // No argument: LangChain would keep it in lc_kwargs, where JSON.stringify shows the client and its credentials.
    super();
    const resolved = resolveOptions(options);
    this.#options = resolved;
    this.#clock = new SessionClock(JSON.stringify([resolved.keyspace, resolved.table, resolved.sessionId]));
    this.#table = new MessageTable(resolved);
    this.#outbox = new Outbox((rows) => this.#table.insert(rows), maxBatchRows(resolved.sessionId));
    this.#reader = new SessionReader(this.#table, this.#clock, resolved);
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
   * All messages, oldest first: complete, however many rows and pages there are. With `maxMessages` the newest ones only:
   * where they are no more than a page, in one read, at most two. Tool messages at the window's head are left out, and a
   * window of nothing but tool messages is stretched back to the message that called them, where that is among the 1,024
   * before it. Rejects with `READ_FAILED` or `CORRUPT_ROW`.
   */
  override async getMessages(options?: GetMessagesOptions): Promise<BaseMessage[]> {
    if (options !== undefined) checkArguments("getMessages", options);
    const { maxMessages = this.#options.maxMessages, signal } = options ?? {};
    signal?.throwIfAborted();
    return this.#read(() => this.#reader.newest(maxMessages, signal), signal);
  }

  /**
   * Entries as they are asked for, oldest first unless told otherwise, page by page: no more than one page is held. What
   * is added meanwhile is met by an iteration that goes towards it. Rejects with `READ_FAILED` or `CORRUPT_ROW`.
   */
  async *entries(options: EntriesOptions = {}): AsyncGenerator<ChatHistoryEntry, void> {
    checkArguments("entries", options);
    const pages = this.#reader.entryPages(options);
    for (;;) {
      options.signal?.throwIfAborted();
      const page = await this.#read(() => pages.next(), options.signal);
      if (page.done) return;
      for (const entry of page.value) {
        options.signal?.throwIfAborted();
        yield entry;
      }
    }
  }

  /**
   * One page for a user interface, its entries oldest first: the newest, or the next ones `before` or `after` an id. An
   * empty page names no other: the page that led to it still does. Rejects with `READ_FAILED` or `CORRUPT_ROW`.
   */
  async getPage(options: PageOptions): Promise<ChatHistoryPage> {
    checkArguments("getPage", options);
    return this.#read(() => this.#reader.page(options));
  }

  /** How many rows the session has, corrupt ones included. Reads the ids of the whole session, page by page. */
  async count(): Promise<number> {
    return this.#read(() => this.#reader.count());
  }

  /** Adds a human message of this text: the same as {@link addMessage}. */
  override async addUserMessage(message: string): Promise<void> {
    checkText(message);
    await super.addUserMessage(message);
  }

  /** Adds an AI message of this text: the same as {@link addMessage}. */
  override async addAIMessage(message: string): Promise<void> {
    checkText(message);
    await super.addAIMessage(message);
  }

  /** Adds one message: the same as {@link addMessages} with one. */
  override async addMessage(message: BaseMessage): Promise<void> {
    await this.#add([message], NO_OPTIONS);
  }

  /**
   * Adds messages, all or nothing, in one round trip for up to 1 MiB of encoded text and 65,535 messages (fewer where the
   * session id is longer than 64 bytes: each row of a batch repeats it, up to 8 MB in all); more is sent in
   * order, in as few such steps as it takes, but for the largest message above 1 MiB, which goes first so that a refusal
   * leaves nothing behind. What is added is what the messages are at the call. Adds made without awaiting between them share
   * round trips, each call settling on its own. The driver may retry: writes are idempotent.
   *
   * Rejects with `INVALID_MESSAGE` or `MESSAGE_TOO_LARGE` (nothing of the call is written), or `WRITE_FAILED`.
   */
  override async addMessages(messages: BaseMessage[]): Promise<void> {
    await this.#add(messages, NO_OPTIONS);
  }

  /**
   * {@link addMessages} that tells the entries it made. After a `WRITE_FAILED`, pass the error's `ids` with the same
   * messages to try again: no message can then be stored twice.
   */
  async append(messages: readonly BaseMessage[], options: AppendOptions = {}): Promise<ChatHistoryEntry[]> {
    checkArguments("append", options);
    options.signal?.throwIfAborted();
    const added = await untilAborted(this.#add(messages, options), options.signal);
    return added.map(({ id, message, ttlSeconds }) => createEntry(id, message, ttlSeconds));
  }

  /**
   * Replaces one message in place: its id, its place and its remaining expiry stay. Of an update and a delete that meet,
   * the delete wins: no update brings back a message that was deleted. Of two updates that meet, one wins whole; of
   * this process, the later one, even where the earlier one timed out.
   *
   * Rejects with `NOT_FOUND`, `INVALID_MESSAGE`, `MESSAGE_TOO_LARGE` or `WRITE_FAILED`.
   */
  async update(id: string, message: BaseMessage): Promise<void> {
    checkArguments("update", { id });
    const { text, bytes } = encodeRow(message, 0, id, undefined, this.#options);
    const replaced = await this.#edit(() => replaceRow(this.#table, id, text), [id], bytes);
    if (!replaced) throw notFound(this.sessionId, id);
  }

  /** Deletes messages by their ids; unknown ones are ignored. A hundred at a time: after a failure, call it again. */
  async delete(ids: readonly string[]): Promise<void> {
    checkArguments("delete", { ids });
    // As they are at the call, which may have to wait.
    const own = [...ids];
    await this.#edit(() => removeIds(this.#table, own), own);
  }

  /** Deletes a message, if it is there, and all after it, so that an answer can be made again. */
  async deleteFrom(id: string): Promise<void> {
    checkArguments("deleteFrom", { id });
    await this.#edit(() => removeVisible(this.#table, id), [id]);
  }

  /**
   * Deletes everything that a reader could see before the call, for good. What this process adds after it resolved stays,
   * through whichever client, and so does what any process adds whose clock has passed the call.
   *
   * What a process adds whose clock still lags behind the call is swallowed: no store without consensus can promise more.
   */
  override async clear(): Promise<void> {
    await this.#edit(() => removeVisible(this.#table));
  }

  /**
   * Copies the messages, all or up to and including `through`, to another session, with their ids and remaining expiry,
   * and returns that session's history. Not atomic: after a failure, the same call copies all of them again, which undoes
   * what was changed or deleted in the copy meanwhile. A session that has messages gets these as well.
   *
   * Rejects with `NOT_FOUND` where `through` is not there, before anything is copied, or with `INVALID_OPTION`,
   * `READ_FAILED` or `WRITE_FAILED`; with a codec of one's own also `CORRUPT_ROW` or `INVALID_MESSAGE`.
   */
  async fork(sessionId: string, options: ForkOptions = {}): Promise<CassandraChatMessageHistory> {
    checkArguments("fork", options);
    if (sessionId === this.sessionId) throw invalidOption("sessionId", "another session than this one", "its own id");
    const target = new CassandraChatMessageHistory({ ...this.#options, sessionId });
    await this.#read(() => copySession(this.#session, target.#session, options.through));
    return target;
  }

  /** An aborted read gives up its place, too: calls made after it wait no longer, and it is not sent if its turn comes later. */
  #read<Result>(read: () => Promise<Result>, signal?: AbortSignal): Promise<Result> {
    const call = async (): Promise<Result> => {
      signal?.throwIfAborted();
      return untilAborted(read(), signal);
    };
    return untilAborted(this.#calls.run("read", call), signal);
  }

  async #edit<Result>(change: () => Promise<Result>, ids: readonly string[] = [], bytes = 0): Promise<Result> {
    try {
      return await this.#calls.run("edit", change);
    } catch (error) {
      throw editFailed(error, ids, bytes);
    }
  }

  async #add(messages: readonly BaseMessage[], options: AppendOptions): Promise<EncodedMessage[]> {
    const { ids, ttlSeconds = this.#options.ttlSeconds, signal } = options;
    checkMessages(messages);
    checkIds(ids, messages.length);
    // Not by `map`, which passes over holes.
    const rows = Array.from(messages, (message, at) =>
      encodeRow(message, at, ids?.[at] ?? this.#clock.nextId(), ttlSeconds, this.#options),
    );
    const newest = ids?.at(-1);
    if (newest !== undefined) this.#clock.observe(newest);
    if (rows.length > 0) await this.#calls.run("add", () => this.#outbox.send(rows, signal));
    return rows;
  }
}
