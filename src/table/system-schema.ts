import type { Client, Host, types } from "cassandra-driver";
import { SCHEMA_PAGE_ROWS } from "../options/limits.ts";
import { sendRequest } from "./in-flight.ts";

/** A table by name, and whom to ask about it. */
export interface SchemaTarget {
  readonly client: Client;
  readonly keyspace: string;
  readonly table: string;
}

/** A column as `system_schema.columns` describes it. */
export interface ColumnRow {
  readonly column_name: string;
  readonly kind: string;
  readonly type: string;
}

// Every role may read these without a grant, and the node that is asked answers from what it holds itself.
const SELECT_COLUMNS =
  "SELECT column_name, kind, type FROM system_schema.columns WHERE keyspace_name = ? AND table_name = ?";
const SELECT_TABLE_ID = "SELECT id FROM system_schema.tables WHERE keyspace_name = ? AND table_name = ?";
const SELECT_KEYSPACE = "SELECT keyspace_name FROM system_schema.keyspaces WHERE keyspace_name = ?";
const SELECT_KEYSPACES = "SELECT keyspace_name FROM system_schema.keyspaces";
const SELECT_LOCAL = "SELECT schema_version, cluster_name FROM system.local";

/** None where there is no such table. */
export async function readColumns({ client, keyspace, table }: SchemaTarget): Promise<ColumnRow[]> {
  const rows = await readAll(client, SELECT_COLUMNS, [keyspace, table]);
  return rows.map((row) => ({ column_name: row["column_name"], kind: row["kind"], type: row["type"] }));
}

/** The table's id; undefined where there is no such table. A table that was dropped and made again has another id. */
export async function readTableId({ client, keyspace, table }: SchemaTarget): Promise<string | undefined> {
  const [row] = await readAll(client, SELECT_TABLE_ID, [keyspace, table]);
  return row && String(row["id"]);
}

/** The schema version of a node: of `host`, or of any node. Nodes with one version have the same tables. */
export async function readSchemaVersion(client: Client, host?: Host): Promise<string> {
  const [row] = await readAll(client, SELECT_LOCAL, [], host);
  return String(row?.["schema_version"]);
}

export async function readClusterName(client: Client): Promise<string> {
  const [row] = await readAll(client, SELECT_LOCAL, []);
  return String(row?.["cluster_name"]);
}

export async function hasKeyspace(client: Client, keyspace: string): Promise<boolean> {
  const rows = await readAll(client, SELECT_KEYSPACE, [keyspace]);
  return rows.some((row) => row["keyspace_name"] === keyspace);
}

export async function readKeyspaces(client: Client): Promise<string[]> {
  const rows = await readAll(client, SELECT_KEYSPACES, []);
  return rows.map((row) => String(row["keyspace_name"]));
}

/** The driver's default, LOCAL_ONE: no other node has to answer. The client's own may ask for more than there can be. */
const CONSISTENCY = 0x0a;

/** All pages, of a size of our own: the client's `fetchSize` may be 1. */
async function readAll(client: Client, query: string, params: string[], host?: Host): Promise<types.Row[]> {
  const rows: types.Row[] = [];
  let pageState: string | undefined;
  do {
    const options = {
      prepare: true,
      isIdempotent: true,
      consistency: CONSISTENCY,
      fetchSize: SCHEMA_PAGE_ROWS,
      ...(host && { host }),
      ...(pageState && { pageState }),
    };
    const page = await sendRequest(client, () => client.execute(query, params, options));
    rows.push(...page.rows);
    pageState = page.pageState || undefined;
  } while (pageState !== undefined);
  return rows;
}
