import { describeMissingPermission, nameFailure } from "./explanations.ts";
import { CassandraHistoryError } from "./history-error.ts";

/** A table by its names, and the statement with which an operator makes it. */
interface NamedTable {
  readonly keyspace: string;
  readonly table: string;
  readonly createStatement: string;
  /** The option that names the table, where no option names its columns. */
  readonly nameOption?: string;
}

/** In the text of every `SETUP_FAILED`. */
export const NOTHING_SENT = "Nothing of the call was sent; the next call tries again.";

export function keyspaceMissing(keyspace: string, otherCase: string | undefined): CassandraHistoryError {
  const remedy =
    otherCase === undefined
      ? "Create it first; the library never creates a keyspace."
      : `Did you mean ${JSON.stringify(otherCase)}?`;
  return setupError(`Keyspace "${keyspace}" does not exist (case counts). ${remedy} ${NOTHING_SENT}`);
}

export function tableMissing(table: NamedTable): CassandraHistoryError {
  return unusableTable(table, "does not exist, and createTable is false", "Create it with");
}

export function mayNotCreate(table: NamedTable, refusal: unknown): CassandraHistoryError {
  const what = `does not exist. ${describeMissingPermission(refusal)}`;
  return unusableTable(table, what, "Have it granted, or the table created with");
}

/**
 * @param expected - the columns that the library needs, in words
 * @param isPythons - whether it is the table of LangChain's Python class
 */
export function otherColumns(
  table: NamedTable,
  expected: string,
  got: string,
  isPythons: boolean,
): CassandraHistoryError {
  const what = `has other columns: expected ${expected}; got ${got}`;
  if (table.nameOption !== undefined) {
    return unusableTable(table, what, `Name another table with the option \`${table.nameOption}\`. It is made with`);
  }
  const remedy = isPythons
    ? "It is the table of LangChain's Python class: pass `columns: PYTHON_COLUMNS`"
    : "Name its columns with the option `columns`";
  return unusableTable(table, what, `${remedy}, or use another table, made with`);
}

function unusableTable(table: NamedTable, what: string, remedy: string): CassandraHistoryError {
  const name = `Table "${table.keyspace}"."${table.table}"`;
  return setupError(`${name} ${what}. ${NOTHING_SENT} ${remedy}:\n${table.createStatement}`);
}

export function creationRefused({ keyspace, table }: NamedTable, cause: unknown): CassandraHistoryError {
  const hint = /^\w+$/.test(table) ? "" : " A table's name holds letters, digits and underscores only.";
  return setupError(
    `The server refuses to make table "${keyspace}"."${table}" (${nameFailure(cause)}; see the driver's error in \`cause\`).` +
      `${hint} ${NOTHING_SENT}`,
    cause,
  );
}

/** @param seconds - how long the nodes had to agree */
export function schemaDisagreement(
  { keyspace, table }: NamedTable,
  seconds: number,
  versions: number,
  withoutTable: boolean,
): CassandraHistoryError {
  return setupError(
    `Table "${keyspace}"."${table}" is new, and the nodes do not agree on the schema after ${seconds} s: expected 1 version, got ` +
      `${versions}${withoutTable ? ", and a node without the table" : ""}. ${NOTHING_SENT} If it stays so, look at ` +
      "`nodetool describecluster`.",
  );
}

export function amazonKeyspaces(): CassandraHistoryError {
  return setupError(
    "The client is connected to Amazon Keyspaces; expected Apache Cassandra or Astra DB. Amazon Keyspaces cannot be used: its " +
      "batches hold at most 30 statements and are not atomic, and it takes write times of the last and next two days only, while " +
      `an edit of an older message needs an older one. ${NOTHING_SENT}`,
  );
}

function setupError(text: string, cause?: unknown): CassandraHistoryError {
  return new CassandraHistoryError("SETUP_FAILED", text, { cause });
}
