import { Conversation } from "../history/conversation.ts";
import type { ResolvedSessionsOptions } from "../options/sessions-options.ts";
import type { SessionRow } from "../table/session-row.ts";
import type { SessionCell, SessionsTable } from "../table/sessions-table.ts";
import { EntryMemory, inTurn, type KnownSession, keyOfNames } from "./known-sessions.ts";

/** The entry of one session: its names, its row, and what the process knows of it. */
export class SessionEntry {
  readonly userId: string;
  readonly sessionId: string;
  /** Those of the session's history. */
  readonly options: ResolvedSessionsOptions;
  readonly #table: SessionsTable;
  #knownKey: string | undefined;

  constructor(userId: string, sessionId: string, options: ResolvedSessionsOptions, table: SessionsTable) {
    this.userId = userId;
    this.sessionId = sessionId;
    this.options = options;
    this.#table = table;
  }

  get known(): KnownSession {
    return EntryMemory.of(this.options.client).get(this.#key);
  }

  /** After it was deleted. */
  forget(): void {
    EntryMemory.of(this.options.client).forget(this.#key);
  }

  get #key(): string {
    const { keyspace, table, sessionsTable, sessionId } = this.options;
    this.#knownKey ??= keyOfNames(keyspace, table, sessionsTable, sessionId);
    return this.#knownKey;
  }

  /** The messages of the session, without a recorder. */
  openConversation(): Conversation {
    return new Conversation(this.options);
  }

  inTurn<Result>(call: () => Promise<Result>): Promise<Result> {
    return inTurn(this.known, call);
  }

  async read(signal?: AbortSignal): Promise<SessionRow | undefined> {
    const [row] = await this.#table.read(this.userId, [this.sessionId], signal);
    return row;
  }

  write(cells: readonly SessionCell[], signal?: AbortSignal): Promise<void> {
    return this.#table.write(this.userId, this.sessionId, cells, signal);
  }

  remove(timestamp: number, signal?: AbortSignal): Promise<void> {
    return this.#table.remove(this.userId, this.sessionId, timestamp, signal);
  }
}
