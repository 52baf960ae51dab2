import type { Client } from "cassandra-driver";
import { MAX_KEPT_TABLES } from "../options/limits.ts";
import type { TableNames } from "../options/table-options.ts";
import { setUpTable } from "./setup.ts";
import { Statements, type TableDefinition } from "./statements.ts";

/** Whose table it is, and whether to make it where it is missing. */
export interface TableUse {
  readonly client: Client;
  readonly createTable: boolean;
}

/** A table that a history wants to use. */
export interface TableTarget extends TableNames, TableUse {}

/** The statements of one kind of table. */
export interface TableStatements {
  readonly definition: TableDefinition;
}

/** For each client and name of a table, the id of the first table of that name. */
const firstIds = new WeakMap<Client, Map<string, string>>();

/** One table of one client, as all that use it share it: the statements, and whether the table is ready. */
export class SharedTable<Kind extends TableStatements = Statements> {
  readonly client: Client;
  readonly statements: Kind;
  readonly #createTable: boolean;
  readonly #name: string;
  readonly #firstIds: Map<string, string>;
  #setup: Promise<void> | undefined;
  #id = "";

  /** The same object for each history that uses this table of this client in this way. */
  static of(target: TableTarget): SharedTable {
    const { keyspace, table, columns } = target;
    const names = [keyspace, table, columns.sessionId, columns.messageId, columns.message];
    return messageTables.of(target, names, () => new Statements(target));
  }

  constructor({ client, createTable }: TableUse, statements: Kind) {
    this.client = client;
    this.statements = statements;
    this.#createTable = createTable;
    this.#name = JSON.stringify([statements.definition.keyspace, statements.definition.table]);
    this.#firstIds = mapOf(firstIds, client);
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

/** The tables of one kind, of every client. */
export class TablesByClient<Kind extends TableStatements> {
  readonly #tables = new WeakMap<Client, Map<string, SharedTable<Kind>>>();

  /**
   * The same object for all that use this table of this client in this way.
   *
   * @param names - all that the statements are made of
   */
  of(use: TableUse, names: readonly string[], makeStatements: () => Kind): SharedTable<Kind> {
    const known = mapOf(this.#tables, use.client);
    const key = JSON.stringify([...names, use.createTable]);
    const shared = known.get(key) ?? new SharedTable(use, makeStatements());
    if (known.size >= MAX_KEPT_TABLES && !known.has(key)) known.clear();
    known.set(key, shared);
    return shared;
  }
}

const messageTables = new TablesByClient<Statements>();
