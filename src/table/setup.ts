import type { Client } from "cassandra-driver";
import { isPermanent, isUnauthorized } from "../errors/driver-errors.ts";
import { setupFailed } from "../errors/failures.ts";
import { creationRefused, keyspaceMissing, mayNotCreate, otherColumns, tableMissing } from "../errors/setup-errors.ts";
import { PYTHON_COLUMNS } from "../options/table-options.ts";
import { createOnAgreedNode, isSettled, untilAgreed } from "./creation.ts";
import { type ColumnRow, hasKeyspace, readColumns, readKeyspaces, readTableId } from "./schema.ts";
import type { TableDefinition } from "./statements.ts";

/** Looks at the table, and makes it where it is missing and `create` is true. Rejects with `SETUP_FAILED`. */
export async function setUpTable(client: Client, table: TableDefinition, create: boolean): Promise<void> {
  try {
    await lookOrCreate(client, table, create);
  } catch (error) {
    throw setupFailed(error);
  }
}

async function lookOrCreate(client: Client, table: TableDefinition, create: boolean): Promise<void> {
  const target = { client, keyspace: table.keyspace, table: table.table };
  const [found, id] = await Promise.all([readColumns(target), readTableId(target)]);
  if (found.length > 0) {
    checkColumns(table, found);
    if (id === undefined || !isSettled(id)) await untilAgreed(client, table);
    return;
  }
  await checkKeyspace(client, table.keyspace);
  if (!create) throw tableMissing(table);
  await createTable(client, table);
  await untilAgreed(client, table);
  // Another process may have made it, with other columns.
  checkColumns(table, await readColumns(target));
}

function checkColumns(table: TableDefinition, found: readonly ColumnRow[]): void {
  const wanted = table.columns;
  const missing = wanted.filter((column) => !found.some((one) => isSameColumn(column, one)));
  // Every insert would leave a further key column unset.
  const furtherKeys = found.filter(
    (one) => isKey(one) && !wanted.some((column) => column.column_name === one.column_name),
  );
  if (missing.length === 0 && furtherKeys.length === 0) return;
  throw otherColumns(table, listColumns(wanted), listColumns(found), isPythons(found));
}

function isSameColumn(a: ColumnRow, b: ColumnRow): boolean {
  return a.column_name === b.column_name && a.kind === b.kind && a.type === b.type;
}

function isKey({ kind }: ColumnRow): boolean {
  return kind === "partition_key" || kind === "clustering";
}

function isPythons(found: readonly ColumnRow[]): boolean {
  return Object.values(PYTHON_COLUMNS).every((name) => found.some(({ column_name }) => column_name === name));
}

function listColumns(columns: readonly ColumnRow[]): string {
  return columns.map(({ column_name, kind, type }) => `${column_name} ${type} (${kind.replace("_", " ")})`).join(", ");
}

async function createTable(client: Client, table: TableDefinition): Promise<void> {
  try {
    await createOnAgreedNode(client, table.createStatement);
  } catch (error) {
    if (!isPermanent(error)) throw error;
    if (!isUnauthorized(error)) throw creationRefused(table, error);
    // The server asks for the right to create before it looks: another process may have made the table since we looked.
    const found = await readColumns({ client, keyspace: table.keyspace, table: table.table });
    if (found.length === 0) throw mayNotCreate(table, error);
  }
}

async function checkKeyspace(client: Client, keyspace: string): Promise<void> {
  if (await hasKeyspace(client, keyspace)) return;
  const names = await readKeyspaces(client);
  throw keyspaceMissing(
    keyspace,
    names.find((name) => name.toLowerCase() === keyspace.toLowerCase()),
  );
}
