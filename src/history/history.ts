import { BaseListChatMessageHistory } from "@langchain/core/chat_history";
import type { BaseMessage } from "@langchain/core/messages";
import { invalidOption, notFound } from "../errors/refusals.ts";
import type * as given from "../options/arguments.ts";
import { checkArguments, checkText } from "../options/arguments.ts";
import { type CassandraChatMessageHistoryOptions, resolveOptions } from "../options/history-options.ts";
import { throwIfAborted } from "../table/abort.ts";
import { Conversation } from "./conversation.ts";
import { removeIds, removeVisible } from "./deletes.ts";
import { type ChatHistoryEntry, type ChatHistoryPage, createEntry } from "./entry.ts";
import { copySession } from "./fork.ts";
import { readPage } from "./pages.ts";
import { encodeRow } from "./row-codec.ts";
import { replaceRow } from "./update.ts";

/**
 * LangChain chat history in Apache Cassandra or Astra DB. Messages come back in the order in which they were added. Calls on one
 * history take effect in the order in which they were made, awaited or not. What several processes add is ordered by their
 * clocks; a process that has read the session adds after everything it read. Constructing does no I/O.
 *
 * Every method rejects with a {@link CassandraHistoryError} or with the reason of an aborted `signal`. Each can reject with
 * `INVALID_OPTION` and `SETUP_FAILED`: nothing of the call was sent. Further codes are named at each method.
 *
 * @example
 * ```ts
 * const history = new CassandraChatMessageHistory({ client, keyspace: "app", sessionId: "test-session" });
 * await history.addUserMessage("hi!");
 * await history.getMessages(); // [HumanMessage("hi!")]
 * ```
 */
export class CassandraChatMessageHistory extends BaseListChatMessageHistory {
  static override lc_name(): string {
    return "CassandraChatMessageHistory";
  }
  lc_namespace: string[] = ["langchain", "stores", "message", "cassandra"];
  readonly #conversation: Conversation;

  /** @throws `INVALID_OPTION`, naming the option, what was expected and what came */
  constructor(options: CassandraChatMessageHistoryOptions) {
    // No argument: LangChain would keep it in lc_kwargs, where JSON.stringify shows the client and its credentials.
    super();
    this.#conversation = options instanceof Conversation ? options : new Conversation(resolveOptions(options));
  }

  /** The option `sessionId`. */
  get sessionId(): string {
    return this.#conversation.options.sessionId;
  }
  /** The option `keyspace`. */
  get keyspace(): string {
    return this.#conversation.options.keyspace;
  }
  /** The option `table`, or its default. */
  get table(): string {
    return this.#conversation.options.table;
  }

  /** Makes the table now instead of on first use; once per client and table. @throws `SETUP_FAILED`: the next call tries again */
  async setup(): Promise<void> {
    await this.#conversation.table.ensure();
  }

  /**
   * All messages, oldest first: complete, however many rows and pages there are.
   * With `maxMessages`, a window of the newest ones: one read where they fit a page, at most two. Tool messages at its head are
   * left out. A window of nothing but tool messages reaches back to the message that called the tools, if that is among the 1,024
   * messages before the window. With `windowStart: "human"` a window begins with a message of the user where it holds one.
   * @throws `READ_FAILED`, `CORRUPT_ROW`
   */
  override async getMessages(options?: given.GetMessagesOptions): Promise<BaseMessage[]> {
    const { reader, options: own } = this.#conversation;
    const checked = options && checkArguments("getMessages", options);
    const { maxMessages: size = own.maxMessages, windowStart: start = own.windowStart, signal } = checked ?? {};
    const read = () => (size === undefined ? reader.all(signal) : reader.window({ size, start }, signal));
    return this.#conversation.read(read, signal);
  }

  /**
   * Entries one by one, oldest first by default. At most one page is in memory. An iteration towards the newest entry also meets
   * what is added meanwhile. @throws `READ_FAILED`, `CORRUPT_ROW`
   */
  async *entries(options: given.EntriesOptions = {}): AsyncGenerator<ChatHistoryEntry, void> {
    const checked = checkArguments("entries", options);
    const pages = this.#conversation.reader.entryPages(checked);
    for (;;) {
      const page = await this.#conversation.read(() => pages.next(), checked.signal);
      if (page.done) return;
      for (const entry of page.value) {
        throwIfAborted(checked.signal);
        yield entry;
      }
    }
  }

  /**
   * One page for a user interface, its entries oldest first: the newest, or those next `before` or `after` an id. An empty page
   * has neither `older` nor `newer`: use those of the page that led to it. @throws `READ_FAILED`, `CORRUPT_ROW`
   * @example `const { entries, older } = await history.getPage({ limit: 50 })`, then `getPage({ limit: 50, before: older })`
   */
  async getPage(options: given.PageOptions): Promise<ChatHistoryPage> {
    const checked = checkArguments("getPage", options);
    return this.#conversation.read(() => readPage(this.#conversation.reader, checked), checked.signal);
  }

  /** How many messages there are, corrupt rows included. Reads the write time of each, page by page. @throws `READ_FAILED` */
  async count(options: given.CallOptions = {}): Promise<number> {
    const { signal } = checkArguments("count", options);
    return this.#conversation.read(() => this.#conversation.reader.count(signal), signal);
  }

  /** Adds a human message of this text, as {@link addMessages} does. @throws `INVALID_MESSAGE`, `MESSAGE_TOO_LARGE`, `WRITE_FAILED` */
  override async addUserMessage(message: string): Promise<void> {
    await super.addUserMessage(checkText(message));
  }

  /** Adds an AI message of this text, as {@link addMessages} does. @throws `INVALID_MESSAGE`, `MESSAGE_TOO_LARGE`, `WRITE_FAILED` */
  override async addAIMessage(message: string): Promise<void> {
    await super.addAIMessage(checkText(message));
  }

  /** Adds one message, as {@link addMessages} does. @throws `INVALID_MESSAGE`, `MESSAGE_TOO_LARGE`, `WRITE_FAILED` */
  override async addMessage(message: BaseMessage): Promise<void> {
    await this.#conversation.add([message]);
  }

  /**
   * Adds messages, all or none, in one round trip for up to 1 MiB of encoded text and 65,535 messages (fewer where the session id
   * is longer than 64 bytes). More is sent in order, in as few such steps as possible; only the largest message above 1 MiB goes
   * first, so that a refusal leaves nothing behind. Messages are stored as they are at the call. Adds made without awaiting
   * between them share round trips, and each call settles on its own. The driver may retry: writes are idempotent.
   * @throws `INVALID_MESSAGE` and `MESSAGE_TOO_LARGE` (nothing of the call is written), `WRITE_FAILED`
   */
  override async addMessages(messages: BaseMessage[]): Promise<void> {
    await this.#conversation.add(messages);
  }

  /**
   * {@link addMessages} that returns the entries it made. After a `WRITE_FAILED`, pass the error's `ids` with the same messages to
   * try again: none is stored twice; edits made in between are undone. @throws `INVALID_MESSAGE`, `MESSAGE_TOO_LARGE`, `WRITE_FAILED`
   */
  async append(messages: readonly BaseMessage[], options: given.AppendOptions = {}): Promise<ChatHistoryEntry[]> {
    const added = await this.#conversation.add(messages, checkArguments("append", options));
    return added.map(({ id, message, ttlSeconds }) => createEntry(id, message, ttlSeconds));
  }

  /**
   * Replaces one message in place: its id, its place and its remaining expiry stay. Of an update and a delete that meet, the
   * delete wins. Of two updates that meet, one wins whole; of this process, the later call.
   * @throws `NOT_FOUND`, `INVALID_MESSAGE`, `MESSAGE_TOO_LARGE`, `WRITE_FAILED`
   */
  async update(id: string, message: BaseMessage, options: given.CallOptions = {}): Promise<void> {
    const { signal } = checkArguments("update", options, { id });
    const { table, options: own } = this.#conversation;
    const row = encodeRow(message, { position: 0, id }, own);
    const edit = { signal, ids: [id], bytes: row.bytes, turn: table.memory.takeTurn(id) };
    const replaced = await this.#conversation.edit(() => replaceRow(table, { ...row, ...edit }), edit);
    if (!replaced) throw notFound(this.sessionId, id);
  }

  /** Deletes messages by their ids, a hundred in one step; unknown ids are ignored. @throws `WRITE_FAILED`: call it again */
  async delete(ids: readonly string[], options: given.CallOptions = {}): Promise<void> {
    const { signal } = checkArguments("delete", options, { ids });
    // As they are at the call, which may have to wait.
    const own = [...ids];
    await this.#conversation.edit(() => removeIds(this.#conversation, own, signal), { signal, ids: own });
  }

  /** Deletes a message, if it is there, and all after it, so that an answer can be made again. @throws `WRITE_FAILED` */
  async deleteFrom(id: string, options: given.CallOptions = {}): Promise<void> {
    const { signal } = checkArguments("deleteFrom", options, { id });
    await this.#conversation.edit(() => removeVisible(this.#conversation, id, signal), { signal, ids: [id] });
  }

  /**
   * Deletes everything that a reader could see before the call, for good. What this process adds after it resolved stays, through
   * whichever client, and so does what any process adds whose clock has passed the call. What a process adds whose clock still
   * lags behind the call is deleted with it: no store without consensus can promise more. @throws `WRITE_FAILED`
   */
  override async clear(options: given.CallOptions = {}): Promise<void> {
    const { signal } = checkArguments("clear", options);
    await this.#conversation.edit(() => removeVisible(this.#conversation, undefined, signal), { signal });
  }

  /**
   * Copies the messages, all or up to and including `through`, to another session, with their ids and remaining expiry, and
   * returns that session's history. A session that has messages gets these as well. Not atomic: after a failure, the same call
   * copies all of them again, which undoes what was changed or deleted in the copy meanwhile.
   * @throws `NOT_FOUND` where `through` is not there, before anything is copied; `READ_FAILED`, `WRITE_FAILED`,
   * `MESSAGE_TOO_LARGE`; with an own codec also `CORRUPT_ROW` and `INVALID_MESSAGE`
   */
  async fork(sessionId: string, options: given.ForkOptions = {}): Promise<CassandraChatMessageHistory> {
    const from = this.#conversation.asForkSource();
    const checked = checkArguments("fork", options);
    if (sessionId === this.sessionId) throw invalidOption("sessionId", "another session than this one", "its own id");
    const target = new CassandraChatMessageHistory({ ...from.options.given, sessionId });
    // As a read: it changes nothing in this session.
    await from.read(() => copySession(from, target.#conversation, checked), checked.signal);
    return target;
  }
}
