import type { types } from "cassandra-driver";
import { IDS_PER_SELECT, WHOLE_READ_PAGE_ROWS } from "../options/limits.ts";
import type { SessionsTableName } from "../options/sessions-options.ts";
import { type BoundStatement, type DriverOptions, type ReadRequest, TableRequests } from "./requests.ts";
import { newestWriteTime, type SessionRow, toSessionRow } from "./session-row.ts";
import { type SessionPart, SessionStatements, type ValueColumn } from "./session-statements.ts";
import { TablesByClient, type TableUse } from "./shared-table.ts";

/** One value of an entry on its way to the table. */
export interface SessionCell {
  readonly column: ValueColumn | { readonly metadata: string };
  /** Null removes. */
  readonly value: string | boolean | Date | null;
  /** Microseconds since 1970. */
  readonly timestamp: number;
  /** Seconds; 0 for none. */
  readonly ttlSeconds: number;
}

/** What a list is sorted and filtered by. */
export interface ActiveSession {
  readonly sessionId: string;
  readonly lastActive: Date;
  readonly pinned: boolean;
  readonly archived: boolean;
}

/** An entry by its dates. */
export interface DatedSession {
  readonly sessionId: string;
  /** Whether it has a last activity; else it is what is left of a session. */
  readonly isListed: boolean;
  /** Microseconds since 1970. */
  readonly newest: number;
}

export interface SessionsTableTarget extends SessionsTableName, TableUse, DriverOptions {
  readonly pageSize: number;
  /** Whether the application gave no `pageSize`. */
  readonly adaptsPages: boolean;
}

/** Entries, and when the request for them was handed to the driver: milliseconds of the steady clock. */
interface EntryPage {
  readonly rows: types.Row[];
  readonly sentAt: number;
}

const sessionsTables = new TablesByClient<SessionStatements>();

/** The entries of users' sessions: rows in, rows out, the driver's errors as they come. */
export class SessionsTable {
  readonly #requests: TableRequests<SessionStatements>;
  readonly #statements: SessionStatements;
  readonly #pageSize: number;

  constructor(target: SessionsTableTarget) {
    const names = [target.keyspace, target.sessionsTable];
    const table = sessionsTables.of(target, names, () => new SessionStatements(target));
    this.#requests = new TableRequests(table, target);
    this.#statements = table.statements;
    this.#pageSize = target.adaptsPages ? WHOLE_READ_PAGE_ROWS : target.pageSize;
  }

  ensure(): Promise<void> {
    return this.#requests.table.ensure();
  }

  /** The entries of these sessions, in no order; those that are not there are left out. */
  async read(userId: string, sessionIds: readonly string[], signal?: AbortSignal): Promise<SessionRow[]> {
    const steps: Promise<SessionRow[]>[] = [];
    for (let at = 0; at < sessionIds.length; at += IDS_PER_SELECT) {
      steps.push(this.#readStep(userId, sessionIds.slice(at, at + IDS_PER_SELECT), signal));
    }
    return (await Promise.all(steps)).flat();
  }

  async #readStep(userId: string, sessionIds: readonly string[], signal?: AbortSignal): Promise<SessionRow[]> {
    const found: SessionRow[] = [];
    for await (const { rows, sentAt } of this.#pages(this.#statements.read, [userId, sessionIds], signal)) {
      found.push(...rows.map((row) => toSessionRow(row, sentAt)));
    }
    return found;
  }

  /** All sessions of a user, page by page. */
  async *active(userId: string, signal?: AbortSignal): AsyncGenerator<ActiveSession[], void> {
    for await (const { rows } of this.#list("activity", userId, signal))
      yield rows.filter(isActive).map(toActiveSession);
  }

  /** Everything that is stored of a user's sessions, page by page. */
  async *dated(userId: string, signal?: AbortSignal): AsyncGenerator<DatedSession[], void> {
    for await (const { rows } of this.#list("dates", userId, signal)) yield rows.map(toDatedSession);
  }

  #list(part: SessionPart, userId: string, signal?: AbortSignal): AsyncGenerator<EntryPage, void> {
    return this.#pages(this.#statements.list[part], [userId], signal);
  }

  /** Only the paging state tells the end: a page may be short, or empty, before it (native protocol v4, section 8). */
  async *#pages(query: string, params: unknown[], signal?: AbortSignal): AsyncGenerator<EntryPage, void> {
    let next: string | undefined;
    do {
      const request: ReadRequest = { query, params, fetchSize: this.#pageSize, pageState: next, sentAt: 0 };
      const page: types.ResultSet = await this.#requests.read(request, signal);
      yield { rows: page.rows, sentAt: request.sentAt };
      next = page.pageState || undefined;
    } while (next !== undefined);
  }

  /** Stores all of these values or none, in one round trip. */
  async write(userId: string, sessionId: string, cells: readonly SessionCell[], signal?: AbortSignal): Promise<void> {
    const statements = cells.map((cell) => this.#bind(cell, userId, sessionId));
    const newest = Math.max(...cells.map(({ timestamp }) => timestamp));
    if (cells.length > 0)
      await this.#requests.write(
        () => statements,
        () => newest,
        signal,
      );
  }

  #bind({ column, value, timestamp, ttlSeconds }: SessionCell, userId: string, sessionId: string): BoundStatement {
    const { set, setMetadata } = this.#statements;
    // As text: a client that uses bigints takes no number, and one that does not takes no bigint.
    const using = [`${timestamp}`, ttlSeconds];
    return typeof column === "string"
      ? { query: set[column], params: [...using, value, userId, sessionId] }
      : { query: setMetadata, params: [...using, column.metadata, value, userId, sessionId] };
  }

  /** Deletes one entry. */
  remove(userId: string, sessionId: string, timestamp: number, signal?: AbortSignal): Promise<void> {
    const params = [`${timestamp}`, userId, sessionId];
    return this.#requests.write(
      () => [{ query: this.#statements.delete, params }],
      () => timestamp,
      signal,
    );
  }
}

function isActive(row: types.Row): boolean {
  return row["last_active"] !== null;
}

function toActiveSession(row: types.Row): ActiveSession {
  return {
    sessionId: row["session_id"],
    lastActive: row["last_active"],
    pinned: row["pinned"] ?? false,
    archived: row["archived"] ?? false,
  };
}

function toDatedSession(row: types.Row): DatedSession {
  return { sessionId: row["session_id"], isListed: isActive(row), newest: newestWriteTime(row) };
}
