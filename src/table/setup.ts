import type { Client } from "cassandra-driver";
import { isPermanent, isUnauthorized } from "../errors/driver-errors.ts";
import { setupFailed } from "../errors/failures.ts";
import {
  amazonKeyspaces,
  creationRefused,
  keyspaceMissing,
  mayNotCreate,
  otherColumns,
  tableMissing,
} from "../errors/setup-errors.ts";
import { PYTHON_COLUMNS } from "../options/table-options.ts";
import { createOnAgreedNode, isSettled, untilAgreed } from "./schema-agreement.ts";
import type { TableDefinition } from "./statements.ts";
import {
  type ColumnRow,
  hasKeyspace,
  readClusterName,
  readColumns,
  readKeyspaces,
  readTableId,
  type SchemaTarget,
} from "./system-schema.ts";

/** A table as the server describes it. */
interface Found {
  /** None where there is no such table. */
  readonly columns: readonly ColumnRow[];
  /** Tells it from another table of the same name; undefined where there is none. */
  readonly id: string | undefined;
}

/**
 * Looks at the table, and makes it where it is missing and `create` is true. Rejects with `SETUP_FAILED`.
 *
 * @returns the table's id, which tells it from another table of the same name
 */
export async function setUpTable(client: Client, table: TableDefinition, create: boolean): Promise<string> {
  try {
    const { id = "" } = await lookOrCreate(client, table, create);
    return id;
  } catch (error) {
    throw setupFailed(error);
  }
}

async function lookOrCreate(client: Client, table: TableDefinition, create: boolean): Promise<Found> {
  const target = { client, keyspace: table.keyspace, table: table.table };
  const [found] = await Promise.all([look(target), refuseAmazonKeyspaces(client)]);
  if (found.columns.length > 0) {
    checkColumns(table, found.columns);
    if (found.id === undefined || !isSettled(found.id)) await untilAgreed(client, table);
    return found;
  }
  await checkKeyspace(client, table.keyspace);
  if (!create) throw tableMissing(table);
  await createTable(target, table);
  await untilAgreed(client, table);
  // Another process may have made it, with other columns.
  const made = await look(target);
  checkColumns(table, made.columns);
  return made;
}

async function look(target: SchemaTarget): Promise<Found> {
  const [columns, id] = await Promise.all([readColumns(target), readTableId(target)]);
  return { columns, id };
}

/** Amazon Keyspaces takes the same statements, and then does not keep what the library promises. */
async function refuseAmazonKeyspaces(client: Client): Promise<void> {
  const [isKeyspaces, clusterName] = await Promise.all([
    hasKeyspace(client, "system_schema_mcs"),
    readClusterName(client),
  ]);
  if (isKeyspaces || clusterName === "Amazon Keyspaces") throw amazonKeyspaces();
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

async function createTable(target: SchemaTarget, table: TableDefinition): Promise<void> {
  try {
    await createOnAgreedNode(target.client, table.createStatement);
  } catch (error) {
    if (!isPermanent(error)) throw error;
    if (!isUnauthorized(error)) throw creationRefused(table, error);
    // The server asks for the right to create before it looks: another process may have made the table since we looked.
    const found = await readColumns(target);
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
