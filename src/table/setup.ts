import type { Client } from "cassandra-driver";
import { describeMissingPermission, isRefusal, isUnauthorized, nameFailure } from "../errors/driver-errors.ts";
import { CassandraHistoryError } from "../errors/history-error.ts";
import { createOnAgreedNode, isSettled, untilAgreed } from "./creation.ts";
import { type ColumnRow, readColumns, readKeyspaces, readTableId } from "./schema.ts";
import { PYTHON_COLUMNS, Statements, type TableNames } from "./statements.ts";

/** A table that a history wants to use. */
export interface TableTarget extends TableNames {
  readonly client: Client;
  readonly createTable: boolean;
}

const ready = new WeakMap<Client, Map<string, Promise<void>>>();

/** What tells one table, and one way of using it, from another of the same client. */
export function tableKey({ keyspace, table, columns, createTable }: TableTarget): string {
  return JSON.stringify([keyspace, table, columns.sessionId, columns.messageId, columns.message, createTable]);
}

/**
 * Sees to it that the table is there and has the right shape: once per client and table, however many ask at once.
 * A failed attempt is forgotten, so that the next call tries again.
 *
 * @param key - the target's `tableKey`, which every request would otherwise have to make anew
 */
export function ensureTable(target: TableTarget, key: string): Promise<void> {
  const attempts = attemptsOf(target.client);
  const known = attempts.get(key);
  if (known !== undefined) return known;
  const attempt = lookOrCreate(target);
  attempts.set(key, attempt);
  attempt.catch(() => forgetTable(target.client, key, attempt));
  return attempt;
}

/** After the server said that the table is gone: the next `ensureTable` looks again, unless one has looked since. */
export function forgetTable(client: Client, key: string, attempt: Promise<void>): void {
  const attempts = attemptsOf(client);
  if (attempts.get(key) === attempt) attempts.delete(key);
}

function attemptsOf(client: Client): Map<string, Promise<void>> {
  const known = ready.get(client);
  if (known !== undefined) return known;
  const attempts = new Map<string, Promise<void>>();
  ready.set(client, attempts);
  return attempts;
}

async function lookOrCreate(target: TableTarget): Promise<void> {
  const [found, id] = await Promise.all([readColumns(target), readTableId(target)]);
  if (found.length > 0) {
    checkColumns(target, found);
    if (id === undefined || !isSettled(id)) await untilAgreed(target.client, target);
  } else {
    await checkKeyspace(target);
    if (!target.createTable) throw unusableTable(target, "does not exist, and createTable is false", "Create it with");
    await createTable(target);
    await untilAgreed(target.client, target);
    // Another process may have made it, of another shape.
    checkColumns(target, await readColumns(target));
  }
}

function checkColumns(target: TableTarget, found: readonly ColumnRow[]): void {
  const { sessionId, messageId, message } = target.columns;
  const wanted: ColumnRow[] = [
    { column_name: sessionId, kind: "partition_key", type: "text" },
    { column_name: messageId, kind: "clustering", type: "timeuuid" },
    { column_name: message, kind: "regular", type: "text" },
  ];
  const missing = wanted.filter(
    (column) => !found.some((one) => Object.entries(column).every(([key, value]) => Reflect.get(one, key) === value)),
  );
  // A key column more would be left unset by every insert.
  const strayKeys = found.filter(
    (one) =>
      /^(partition_key|clustering)$/.test(one.kind) && !wanted.some((column) => column.column_name === one.column_name),
  );
  if (missing.length === 0 && strayKeys.length === 0) return;
  throw unusableTable(
    target,
    `has other columns: expected ${listColumns(wanted)}; got ${listColumns(found)}`,
    isPythons(found)
      ? "It is the table of LangChain's Python class: pass `columns: PYTHON_COLUMNS`, or use another table, made with"
      : "Name its columns with the option `columns`, or use another table, made with",
  );
}

function isPythons(found: readonly ColumnRow[]): boolean {
  return Object.values(PYTHON_COLUMNS).every((name) => found.some(({ column_name }) => column_name === name));
}

function listColumns(columns: readonly ColumnRow[]): string {
  return columns.map(({ column_name, kind, type }) => `${column_name} ${type} (${kind.replace("_", " ")})`).join(", ");
}

async function createTable(target: TableTarget): Promise<void> {
  try {
    await createOnAgreedNode(target.client, new Statements(target).createTable);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    if (!isUnauthorized(error)) throw refusedTable(target, error);
    // The server asks for the right to create before it looks: another process may have made the table since we looked.
    if ((await readColumns(target)).length === 0) throw mayNotCreate(target, error);
  }
}

function refusedTable({ keyspace, table }: TableTarget, cause: unknown): CassandraHistoryError {
  const hint = /^\w+$/.test(table) ? "" : " A table's name holds letters, digits and underscores only.";
  return new CassandraHistoryError(
    "SETUP_FAILED",
    `The server refuses to make table "${keyspace}"."${table}" (${nameFailure(cause)}; see the driver's error in \`cause\`).` +
      `${hint} Nothing was written.`,
    { cause },
  );
}

function mayNotCreate(target: TableTarget, refusal: unknown): CassandraHistoryError {
  const what = `does not exist. ${describeMissingPermission(refusal)}`;
  return unusableTable(target, what, "Have it granted, or the table created with");
}

async function checkKeyspace({ client, keyspace }: TableTarget): Promise<void> {
  const names = await readKeyspaces(client);
  if (names.includes(keyspace)) return;
  const other = names.find((name) => name.toLowerCase() === keyspace.toLowerCase());
  const remedy =
    other === undefined
      ? "Create it first; the library never creates a keyspace."
      : `Did you mean ${JSON.stringify(other)}?`;
  throw new CassandraHistoryError("SETUP_FAILED", `Keyspace "${keyspace}" does not exist (case counts). ${remedy}`);
}

function unusableTable(target: TableTarget, what: string, remedy: string): CassandraHistoryError {
  const { createTable: statement } = new Statements(target);
  return new CassandraHistoryError(
    "SETUP_FAILED",
    `Table "${target.keyspace}"."${target.table}" ${what}. ${remedy}:\n${statement}`,
  );
}
