import type { Client, Host } from "cassandra-driver";

/** A table by name, and whom to ask about it. */
export interface SchemaTarget {
  readonly client: Client;
  readonly keyspace: string;
  readonly table: string;
}

export interface ColumnRow {
  readonly column_name: string;
  readonly kind: string;
  readonly type: string;
}

// Every role may read these without a grant, and the node that is asked answers from what it holds itself.
const SELECT_COLUMNS =
  "SELECT column_name, kind, type FROM system_schema.columns WHERE keyspace_name = ? AND table_name = ?";
const SELECT_TABLE_ID = "SELECT id FROM system_schema.tables WHERE keyspace_name = ? AND table_name = ?";
const SELECT_SCHEMA_VERSION = "SELECT schema_version FROM system.local";
const SELECT_KEYSPACES = "SELECT keyspace_name FROM system_schema.keyspaces";

const OPTIONS = { prepare: true, isIdempotent: true } as const;

/** None where there is no such table. */
export async function readColumns({ client, keyspace, table }: SchemaTarget): Promise<ColumnRow[]> {
  const { rows } = await client.execute(SELECT_COLUMNS, [keyspace, table], OPTIONS);
  return rows.map((row) => ({ column_name: row["column_name"], kind: row["kind"], type: row["type"] }));
}

/** What tells a table from another one of the same name, and when it was made; undefined where there is none. */
export async function readTableId({ client, keyspace, table }: SchemaTarget): Promise<string | undefined> {
  const { rows } = await client.execute(SELECT_TABLE_ID, [keyspace, table], OPTIONS);
  return rows[0] && String(rows[0]["id"]);
}

/** Which schema a node works with, any node or this one: nodes with equal versions have the same tables, ready for use. */
export async function readSchemaVersion(client: Client, host?: Host): Promise<string> {
  const options = host === undefined ? OPTIONS : { ...OPTIONS, host };
  const { rows } = await client.execute(SELECT_SCHEMA_VERSION, [], options);
  return String(rows[0]?.["schema_version"]);
}

export async function readKeyspaces(client: Client): Promise<string[]> {
  const { rows } = await client.execute(SELECT_KEYSPACES, [], OPTIONS);
  return rows.map((row) => String(row["keyspace_name"]));
}
