import type { Client } from "cassandra-driver";
import { MAX_KEPT_TABLES } from "../options/limits.ts";
import type { TableNames } from "../options/table-options.ts";
import { setUpTable } from "./setup.ts";
import { Statements } from "./statements.ts";

/** A table that a history wants to use. */
export interface TableTarget extends TableNames {
  readonly client: Client;
  readonly createTable: boolean;
}

const tables = new WeakMap<Client, Map<string, SharedTable>>();

/** One table of one client, as all its histories share it: the statements, and whether the table is ready. */
export class SharedTable {
  readonly client: Client;
  readonly statements: Statements;
  readonly #createTable: boolean;
  #setup: Promise<void> | undefined;

  /** The same object for each history that uses this table of this client in this way. */
  static of(target: TableTarget): SharedTable {
    const known = tablesOf(target.client);
    const { keyspace, table, columns, createTable } = target;
    const key = JSON.stringify([keyspace, table, columns.sessionId, columns.messageId, columns.message, createTable]);
    const shared = known.get(key) ?? new SharedTable(target);
    if (known.size >= MAX_KEPT_TABLES && !known.has(key)) known.clear();
    known.set(key, shared);
    return shared;
  }

  private constructor(target: TableTarget) {
    this.client = target.client;
    this.statements = new Statements(target);
    this.#createTable = target.createTable;
  }

  /**
   * Sees to it that the table is there and has the right columns: once, however many ask at the same time. Rejects with
   * `SETUP_FAILED`. A failed attempt is forgotten, so that the next call tries again.
   */
  ensure(): Promise<void> {
    if (this.#setup !== undefined) return this.#setup;
    const attempt = setUpTable(this.client, this.statements.definition, this.#createTable);
    this.#setup = attempt;
    attempt.catch(() => this.forget(attempt));
    return attempt;
  }

  /** After the server said that the table is gone: the next `ensure` looks again, unless one has looked since this attempt. */
  forget(attempt: Promise<void>): void {
    if (this.#setup === attempt) this.#setup = undefined;
  }
}

function tablesOf(client: Client): Map<string, SharedTable> {
  const known = tables.get(client);
  if (known !== undefined) return known;
  const made = new Map<string, SharedTable>();
  tables.set(client, made);
  return made;
}
