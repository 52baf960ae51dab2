import { BaseListChatMessageHistory } from "@langchain/core/chat_history";
import type { BaseMessage } from "@langchain/core/messages";
import { editFailed } from "../errors/failures.ts";
import { invalidOption, notFound } from "../errors/refusals.ts";
import { SessionClock } from "../ids/clock.ts";
import {
  type AppendOptions,
  type CallOptions,
  checkArguments,
  checkIds,
  checkMessages,
  checkText,
  type EntriesOptions,
  type ForkOptions,
  type GetMessagesOptions,
  type PageOptions,
} from "../options/arguments.ts";
import { type CassandraChatMessageHistoryOptions, resolveOptions } from "../options/history-options.ts";
import { throwIfAborted, untilAborted } from "../table/abort.ts";
import { MessageTable } from "../table/message-table.ts";
import { maxBatchRows } from "./batches.ts";
import { CallOrder } from "./call-order.ts";
import { removeIds, removeVisible, replaceRow } from "./edits.ts";
import { type ChatHistoryEntry, type ChatHistoryPage, createEntry } from "./entry.ts";
import { copySession } from "./fork.ts";
import { Outbox } from "./outbox.ts";
import { readPage } from "./pages.ts";
import { type Session, SessionReader } from "./reader.ts";
import { type EncodedMessage, encodeRow } from "./rows.ts";

const NO_OPTIONS: AppendOptions = Object.freeze({});

/**
 * LangChain chat history in Apache Cassandra or Astra DB: nothing lost, nothing out of order.
 *
 * Messages come back in the order in which they were added. Calls on one history take effect in the order in which they were
 * made, awaited or not. What several processes add is ordered by their clocks; a process that has read the session adds after
 * everything it read. Constructing does no I/O: the table is made on first use. One client serves any number of histories, so
 * that one history per request costs nothing.
 *
 * Every method rejects with a {@link CassandraHistoryError}, or with the reason of an aborted `signal`. Every method that does
 * I/O can reject with `SETUP_FAILED`: the table could not be looked at or made, and nothing of the call was sent.
 *
 * @example
 * ```ts
 * const history = new CassandraChatMessageHistory({ client, keyspace: "app", sessionId: "test-session" });
 * await history.addUserMessage("hi!");
 * await history.addAIMessage("whats up?");
 * await history.getMessages(); // [HumanMessage("hi!"), AIMessage("whats up?")]
 * ```
 */
export class CassandraChatMessageHistory extends BaseListChatMessageHistory {
  static override lc_name(): string {
    return "CassandraChatMessageHistory";
  }

  lc_namespace: string[] = ["langchain", "stores", "message", "cassandra"];

  readonly #session: Session;
  readonly #outbox: Outbox;
  readonly #reader: SessionReader;
  readonly #calls = new CallOrder();

  /**
   * Checks the options. Does no I/O.
   *
   * @throws `INVALID_OPTION`, naming the option, what was expected and what came
   */
  constructor(options: CassandraChatMessageHistoryOptions) {
    // No argument: LangChain would keep it in lc_kwargs, where JSON.stringify shows the client and its credentials.
    super();
    const resolved = resolveOptions(options);
    const table = new MessageTable(resolved);
    const clock = new SessionClock(JSON.stringify([resolved.keyspace, resolved.table, resolved.sessionId]));
    this.#session = { options: resolved, table, clock };
    this.#reader = new SessionReader(this.#session);
    this.#outbox = new Outbox((rows, signal) => table.insert(rows, { signal }), maxBatchRows(resolved.sessionId));
  }

  /** The session id that the history was made with. */
  get sessionId(): string {
    return this.#session.options.sessionId;
  }

  /** The keyspace that the history was made with. */
  get keyspace(): string {
    return this.#session.options.keyspace;
  }

  /** The name of the table. */
  get table(): string {
    return this.#session.options.table;
  }

  /**
   * Makes the table now instead of on first use: once per client and table, however many histories ask. A table that is there
   * costs no DDL and needs no CREATE permission. After a failure the next call tries again.
   *
   * @throws `SETUP_FAILED`
   */
  async setup(): Promise<void> {
    await this.#session.table.ensure();
  }

  /**
   * All messages, oldest first: complete, however many rows and pages there are.
   *
   * With `maxMessages`, the newest ones only: in one read where they are no more than a page, at most two. Tool messages at the
   * window's head are left out. A window of nothing but tool messages reaches back to the message that called the tools, where
   * it is among the 1,024 before it. With `windowStart: "human"` the window begins with a message of the user where it holds one.
   *
   * @throws `READ_FAILED`, `CORRUPT_ROW`, `SETUP_FAILED`, `INVALID_OPTION`
   */
  override async getMessages(options?: GetMessagesOptions): Promise<BaseMessage[]> {
    const { options: defaults } = this.#session;
    const checked = options === undefined ? NO_OPTIONS : checkArguments("getMessages", options);
    const {
      maxMessages: size = defaults.maxMessages,
      windowStart: start = defaults.windowStart,
      signal,
    }: GetMessagesOptions = checked;
    throwIfAborted(signal);
    const read = (): Promise<BaseMessage[]> =>
      size === undefined ? this.#reader.all(signal) : this.#reader.window({ size, start }, signal);
    return this.#read(read, signal);
  }

  /**
   * Entries as they are asked for, oldest first unless told otherwise, page by page: no more than one page is held. An iteration
   * meets what is added meanwhile where it goes towards it.
   *
   * @throws `READ_FAILED`, `CORRUPT_ROW`, `SETUP_FAILED`, `INVALID_OPTION`
   * @example
   * ```ts
   * for await (const { id, createdAt, message } of history.entries({ order: "newest-first", limit: 10 })) {
   *   console.log(id, createdAt, message.text);
   * }
   * ```
   */
  async *entries(options: EntriesOptions = {}): AsyncGenerator<ChatHistoryEntry, void> {
    const checked = checkArguments("entries", options);
    const { signal } = checked;
    const pages = this.#reader.entryPages(checked);
    for (;;) {
      throwIfAborted(signal);
      const page = await this.#read(() => pages.next(), signal);
      if (page.done) return;
      for (const entry of page.value) {
        throwIfAborted(signal);
        yield entry;
      }
    }
  }

  /**
   * One page for a user interface, its entries oldest first: the newest, or the next ones `before` or `after` an id. An empty
   * page names no other: the page that led to it still does.
   *
   * @throws `READ_FAILED`, `CORRUPT_ROW`, `SETUP_FAILED`, `INVALID_OPTION`
   * @example
   * ```ts
   * const newest = await history.getPage({ limit: 50 });
   * const older = newest.older && (await history.getPage({ limit: 50, before: newest.older }));
   * ```
   */
  async getPage(options: PageOptions): Promise<ChatHistoryPage> {
    const checked = checkArguments("getPage", options);
    return this.#read(() => readPage(this.#reader, checked), checked.signal);
  }

  /**
   * How many messages the session has, corrupt ones included. Reads the ids of the whole session, page by page.
   *
   * @throws `READ_FAILED`, `SETUP_FAILED`, `INVALID_OPTION`
   */
  async count(options: CallOptions = {}): Promise<number> {
    const { signal } = checkArguments("count", options);
    return this.#read(() => this.#reader.count(signal), signal);
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
   * Adds messages, all or nothing, in one round trip for up to 1 MiB of encoded text and 65,535 messages (fewer where the session
   * id is longer than 64 bytes: each row of a batch repeats it, up to 8 MiB in all). More is sent in order, in as few such steps
   * as it takes; only the largest message above 1 MiB goes first, so that a refusal leaves nothing behind.
   *
   * What is added is what the messages are at the call. Adds made without awaiting between them share round trips, and each call
   * settles on its own. The driver may retry: writes are idempotent.
   *
   * @throws `INVALID_MESSAGE` and `MESSAGE_TOO_LARGE` (nothing of the call is written), `WRITE_FAILED`, `SETUP_FAILED`,
   * `INVALID_OPTION`
   */
  override async addMessages(messages: BaseMessage[]): Promise<void> {
    await this.#add(messages, NO_OPTIONS);
  }

  /**
   * {@link addMessages} that returns the entries it made. After a `WRITE_FAILED`, pass the error's `ids` with the same messages
   * to try again: no message can then be stored twice. A message that was updated in between is written as it was given here.
   *
   * @throws as {@link addMessages}
   */
  async append(messages: readonly BaseMessage[], options: AppendOptions = {}): Promise<ChatHistoryEntry[]> {
    const checked = checkArguments("append", options);
    throwIfAborted(checked.signal);
    const added = await this.#add(messages, checked);
    return added.map(({ id, message, ttlSeconds }) => createEntry(id, message, ttlSeconds));
  }

  /**
   * Replaces one message in place: its id, its place and its remaining expiry stay. Of an update and a delete that meet, the
   * delete wins: no update brings back a message that was deleted. Of two updates that meet, one wins whole; of this process,
   * the later one, even where the earlier one timed out.
   *
   * @throws `NOT_FOUND`, `INVALID_MESSAGE`, `MESSAGE_TOO_LARGE`, `WRITE_FAILED`, `SETUP_FAILED`, `INVALID_OPTION`
   */
  async update(id: string, message: BaseMessage, options: CallOptions = {}): Promise<void> {
    const { signal } = checkArguments("update", { ...options, id });
    const row = encodeRow(message, { position: 0, id }, this.#session.options);
    const replaced = await this.#edit(() => replaceRow(this.#session.table, row, signal), {
      ids: [id],
      bytes: row.bytes,
      signal,
    });
    if (!replaced) throw notFound(this.sessionId, id);
  }

  /**
   * Deletes messages by their ids, a hundred at a time; unknown ids are ignored. Not atomic above a hundred: after a failure,
   * make the same call again.
   *
   * @throws `WRITE_FAILED`, `SETUP_FAILED`, `INVALID_OPTION`
   */
  async delete(ids: readonly string[], options: CallOptions = {}): Promise<void> {
    const { signal } = checkArguments("delete", { ...options, ids });
    // As they are at the call, which may have to wait.
    const own = [...ids];
    await this.#edit(() => removeIds(this.#session.table, own, signal), { ids: own, signal });
  }

  /**
   * Deletes a message, if it is there, and all after it, so that an answer can be made again.
   *
   * @throws `WRITE_FAILED`, `SETUP_FAILED`, `INVALID_OPTION`
   */
  async deleteFrom(id: string, options: CallOptions = {}): Promise<void> {
    const { signal } = checkArguments("deleteFrom", { ...options, id });
    await this.#edit(() => removeVisible(this.#session.table, id, signal), { ids: [id], signal });
  }

  /**
   * Deletes everything that a reader could see before the call, for good. What this process adds after it resolved stays, through
   * whichever client, and so does what any process adds whose clock has passed the call. What a process adds whose clock still
   * lags behind the call is deleted with it: no store without consensus can promise more.
   *
   * @throws `WRITE_FAILED`, `SETUP_FAILED`, `INVALID_OPTION`
   */
  override async clear(options: CallOptions = {}): Promise<void> {
    const { signal } = checkArguments("clear", options);
    await this.#edit(() => removeVisible(this.#session.table, undefined, signal), { signal });
  }

  /**
   * Copies the messages, all or up to and including `through`, to another session, with their ids and remaining expiry, and
   * returns that session's history. A session that has messages gets these as well. Not atomic: after a failure, the same call
   * copies all of them again, which undoes what was changed or deleted in the copy meanwhile.
   *
   * @throws `NOT_FOUND` where `through` is not there, before anything is copied; `READ_FAILED`, `WRITE_FAILED`, `SETUP_FAILED`,
   * `INVALID_OPTION`; with a codec of one's own also `CORRUPT_ROW` and `INVALID_MESSAGE`
   */
  async fork(sessionId: string, options: ForkOptions = {}): Promise<CassandraChatMessageHistory> {
    const checked = checkArguments("fork", options);
    if (sessionId === this.sessionId) throw invalidOption("sessionId", "another session than this one", "its own id");
    const target = new CassandraChatMessageHistory({ ...this.#session.options.given, sessionId });
    // As a read: it changes nothing in this session.
    await this.#read(() => copySession(this.#session, target.#session, checked), checked.signal);
    return target;
  }

  #read<Result>(read: () => Promise<Result>, signal?: AbortSignal): Promise<Result> {
    return untilAborted(this.#calls.run("read", read, signal), signal);
  }

  async #edit<Result>(change: () => Promise<Result>, { ids = [], bytes = 0, signal }: Edit): Promise<Result> {
    throwIfAborted(signal);
    try {
      return await this.#calls.run("edit", change, signal);
    } catch (error) {
      throwIfAborted(signal);
      throw editFailed(error, ids, bytes);
    }
  }

  async #add(messages: readonly BaseMessage[], options: AppendOptions): Promise<EncodedMessage[]> {
    const { options: defaults, clock } = this.#session;
    const { ids, ttlSeconds = defaults.ttlSeconds, signal } = options;
    checkMessages(messages);
    checkIds(ids, messages.length);
    // Not by `map`, which passes over holes.
    const rows = Array.from(messages, (message, position) =>
      encodeRow(message, { position, id: ids?.[position] ?? clock.nextId(), ttlSeconds }, defaults),
    );
    const newest = ids?.at(-1);
    if (newest !== undefined) clock.observe(newest);
    if (rows.length > 0) await this.#calls.run("add", () => this.#outbox.send(rows, signal), signal);
    return rows;
  }
}

/** What an error of an edit tells, and what may end it. */
interface Edit {
  readonly ids?: readonly string[];
  /** Of the largest text. */
  readonly bytes?: number;
  readonly signal: AbortSignal | undefined;
}
