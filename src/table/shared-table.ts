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
/** For each client and name of a table, the id of the first table of that name. */
const firstIds = new WeakMap<Client, Map<string, string>>();

/** One table of one client, as all its histories share it: the statements, and whether the table is ready. */
export class SharedTable {
  readonly client: Client;
  readonly statements: Statements;
  readonly #createTable: boolean;
  readonly #name: string;
  readonly #firstIds: Map<string, string>;
  #setup: Promise<void> | undefined;
  #id = "";

  /** The same object for each history that uses this table of this client in this way. */
  static of(target: TableTarget): SharedTable {
    const known = mapOf(tables, target.client);
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
    this.#name = JSON.stringify([target.keyspace, target.table]);
    this.#firstIds = mapOf(firstIds, target.client);
  }

  /**
   * Sees to it that the table is there and has the right columns: once, however many ask at the same time. Rejects with
   * `SETUP_FAILED`. A failed attempt is forgotten, so that the next call tries again.
   */
  ensure(): Promise<void> {
    if (this.#setup !== undefined) return this.#setup;
    const attempt = this.#setUp();
    this.#setup = attempt;
    attempt.catch(() => this.forget(attempt));
    return attempt;
  }

  async #setUp(): Promise<void> {
    this.#id = await setUpTable(this.client, this.statements.definition, this.#createTable);
    const ids = this.#firstIds;
    if (ids.size >= MAX_KEPT_TABLES && !ids.has(this.#name)) ids.clear();
    if (!ids.has(this.#name)) ids.set(this.#name, this.#id);
  }

  /** Lets the next `ensure` look at the table again, unless another one has begun since this attempt. */
  forget(attempt: Promise<void>): void {
    if (this.#setup === attempt) this.#setup = undefined;
  }

  /**
   * What is put at the end of every statement's text: nothing for the first table of this name, and a comment with the table's
   * id where the table was dropped and made again. The new text is a new statement to the driver.
   *
   * The driver keeps the column types of each statement by its text, for as long as the client lives. With the old text it would
   * encode values as the old table's types. It would also send a batch again as it was encoded for the old table.
   */
  get statementEnd(): string {
    return this.#firstIds.get(this.#name) === this.#id ? "" : ` /* table ${this.#id} */`;
  }

  /** Gives the statements a new text from now on. For a `TypeError` of the driver: it has kept the types of an earlier table. */
  renewStatements(): void {
    this.#firstIds.set(this.#name, "");
  }
}

/** What is kept for a client. */
function mapOf<Value>(all: WeakMap<Client, Map<string, Value>>, client: Client): Map<string, Value> {
  const known = all.get(client);
  if (known !== undefined) return known;
  const made = new Map<string, Value>();
  all.set(client, made);
  return made;
}
