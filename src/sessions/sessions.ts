import { randomUUID } from "node:crypto";
import { invalidOption } from "../errors/refusals.ts";
import { Conversation } from "../history/conversation.ts";
import { CassandraChatMessageHistory } from "../history/history.ts";
import type * as given from "../options/session-arguments.ts";
import { checkSessionArguments } from "../options/session-arguments.ts";
import {
  type CassandraChatSessionsOptions,
  type OpenSessionOptions,
  type ResolvedSessionsOptions,
  resolveOpenOptions,
  resolveSessionsOptions,
} from "../options/sessions-options.ts";
import { SessionsTable } from "../table/sessions-table.ts";
import { createEntry, readEntry, updateEntry } from "./changes.ts";
import { type ChatSession, toChatSession } from "./chat-session.ts";
import { adoptSession, forkSession } from "./copies.ts";
import { EntryRecorder } from "./entry-recorder.ts";
import { deleteAllSessions, deleteSession } from "./erase.ts";
import { type ChatSessionPage, listSessions } from "./list.ts";
import { encodeMetadata } from "./metadata.ts";
import { SessionEntry } from "./session-entry.ts";
import { chatSessionKey, checkId, isChatSessionKey } from "./session-key.ts";

/**
 * The conversations of users: whose each is, the list beside the chat, titles, and "delete everything about me". A session belongs
 * to one user by construction: its messages are stored under a key that is made of both ids. Constructing does no I/O.
 *
 * Every method but `open` rejects with a {@link CassandraHistoryError}. Each can reject with `INVALID_OPTION` and `SETUP_FAILED`:
 * nothing of the call was sent. Further codes are named at each method. Errors of these
 * methods name the session's id, not the user. Errors of an opened history name its key, which holds both.
 *
 * @example
 * ```ts
 * const sessions = new CassandraChatSessions({ client, keyspace: "app" });
 * await sessions.open("ada", "trip").addMessages([question, answer]);
 * await sessions.update("ada", "trip", { title: "Rome in May" });
 * const { sessions: recent, next } = await sessions.list("ada", { limit: 20 });
 * ```
 */
export class CassandraChatSessions {
  readonly #options: ResolvedSessionsOptions;
  readonly #table: SessionsTable;

  /** @throws `INVALID_OPTION`, naming the option, what was expected and what came */
  constructor(options: CassandraChatSessionsOptions) {
    this.#options = resolveSessionsOptions(options);
    this.#table = new SessionsTable(this.#options);
  }

  /** Makes both tables now instead of on first use. After a failure the next call tries again. */
  async setup(): Promise<void> {
    await Promise.all([this.#table.ensure(), new Conversation(this.#options).table.ensure()]);
  }

  /**
   * The history of a session, which need not be there yet. No I/O. Each add through it records the session: it is the user's newest
   * from then on. `clear()` keeps the session. Its `fork` is refused: use {@link fork}.
   *
   * The first add of a process to a session takes one round trip more, since the entry is stored before the messages are sent;
   * and so does one a minute later, and each add that expires. Where only the entry of a later add fails, the add rejects with
   * `WRITE_FAILED` and all ids in `written`: adding again with these `ids` stores nothing twice.
   * @throws `INVALID_OPTION`
   */
  open(userId: string, sessionId: string, options?: OpenSessionOptions): CassandraChatMessageHistory {
    const entry = this.#entryOf(userId, sessionId, options);
    return Reflect.construct(CassandraChatMessageHistory, [new Conversation(entry.options, new EntryRecorder(entry))]);
  }

  /**
   * The user's sessions, last active first; of the same millisecond by id. A session that becomes active between two calls may be
   * met twice, or not at all, on later pages; no other may. @throws `READ_FAILED`, `CORRUPT_ROW`
   */
  async list(userId: string, options: given.ListSessionsOptions = {}): Promise<ChatSessionPage> {
    checkId("userId", userId);
    const checked = checkSessionArguments("list", options);
    return listSessions(this.#table, userId, checked);
  }

  /** One session, or undefined where it is not there. @throws `READ_FAILED`, `CORRUPT_ROW` */
  async get(userId: string, sessionId: string): Promise<ChatSession | undefined> {
    return toChatSession(userId, await readEntry(this.#entryOf(userId, sessionId)));
  }

  /**
   * Makes a session ahead of its first message. One that is there already stays, with what is given set; that is no activity. With
   * `ttlSeconds` it expires as if a message had been added. @throws `READ_FAILED`, `WRITE_FAILED`
   */
  async create(userId: string, options: given.CreateSessionOptions = {}): Promise<ChatSession> {
    const { sessionId = randomUUID(), metadata, ...changes } = checkSessionArguments("create", options);
    return createEntry(this.#entryOf(userId, sessionId), { ...changes, metadata: encodeMetadata(metadata) });
  }

  /**
   * Sets what is given. Metadata is merged key by key: two updates of different keys never undo each other. Of an update and a
   * delete that meet, the delete wins. No activity. Returns the session as it is then.
   * @throws `NOT_FOUND`, `READ_FAILED`, `WRITE_FAILED`
   */
  async update(userId: string, sessionId: string, changes: given.SessionChanges): Promise<ChatSession> {
    const { metadata, ...others } = checkSessionArguments("update", changes);
    return updateEntry(this.#entryOf(userId, sessionId), { ...others, metadata: encodeMetadata(metadata) });
  }

  /**
   * Deletes the messages, as `clear()` of a history does, and then the entry. One that is not there is no error. What is added
   * later makes the session anew. @throws `READ_FAILED`, `WRITE_FAILED`: call it again
   */
  async delete(userId: string, sessionId: string): Promise<void> {
    await deleteSession(this.#entryOf(userId, sessionId));
  }

  /**
   * Deletes every session of the user, and returns how many. When it has resolved, nothing is left that was stored for the user
   * before the call. After a failure or an abort, the same call goes on. @throws `READ_FAILED`, `WRITE_FAILED`
   */
  async deleteAll(userId: string, options: given.DeleteAllOptions = {}): Promise<number> {
    checkId("userId", userId);
    const checked = checkSessionArguments("deleteAll", options);
    const entryOf = (sessionId: string): SessionEntry => this.#entryOf(userId, sessionId);
    return deleteAllSessions({ userId, table: this.#table, entryOf }, checked);
  }

  /**
   * Copies the messages, all or up to and including `through`, to a new session of the user, with their ids and remaining expiry.
   * The copy has the metadata and, unless another is given, the title; it is neither pinned nor archived. One that breaks off
   * leaves its entry: delete it, and fork again.
   * @throws `NOT_FOUND` where the session or `through` is not there, `READ_FAILED`, `WRITE_FAILED`; with a codec of one's own also
   * `CORRUPT_ROW` and `INVALID_MESSAGE`
   */
  async fork(userId: string, sessionId: string, options: given.ForkSessionOptions = {}): Promise<ChatSession> {
    const { sessionId: target = randomUUID(), title, through } = checkSessionArguments("fork", options);
    return forkSession(this.#entryOf(userId, sessionId), this.#entryOf(userId, target), { title, through });
  }

  /**
   * Copies what a plain history keeps under the session id `from` to the user, with ids and remaining expiry. The session was made
   * and last active when its first and last message were. The source stays. Where the session is there already, the messages are
   * added to it. Not atomic: after a failure, the same call copies all again.
   * @throws `NOT_FOUND` where there is no message, `READ_FAILED`, `WRITE_FAILED`; with a codec of one's own also `CORRUPT_ROW` and
   * `INVALID_MESSAGE`
   */
  async adopt(userId: string, from: string, options: given.AdoptSessionOptions = {}): Promise<ChatSession> {
    const { sessionId = from, title, metadata } = checkSessionArguments("adopt", options);
    checkId("from", from);
    const changes = { title, metadata: encodeMetadata(metadata) };
    const to = this.#entryOf(userId, sessionId);
    if (isChatSessionKey(from)) throw invalidOption("from", "the session id of a plain history", "the key of a user's");
    return adoptSession(new Conversation({ ...this.#options, sessionId: from }), to, changes);
  }

  #entryOf(userId: string, sessionId: string, options?: OpenSessionOptions): SessionEntry {
    const resolved = resolveOpenOptions(this.#options, chatSessionKey(userId, sessionId), options);
    return new SessionEntry(userId, sessionId, resolved, options ? new SessionsTable(resolved) : this.#table);
  }
}
