import { resolveSessionsTable, type SessionsTableOptions } from "../options/sessions-options.ts";
import { SessionStatements } from "../table/session-statements.ts";

/**
 * The `CREATE TABLE IF NOT EXISTS` of the sessions table, for operators who run it themselves. It sets no table option, so that it
 * works on Cassandra 4.1 and 5, Astra DB and ScyllaDB.
 *
 * @throws `INVALID_OPTION`
 * @example
 * ```ts
 * console.log(createSessionsTableStatement({ keyspace: "app" }));
 * ```
 */
export function createSessionsTableStatement(options: SessionsTableOptions): string {
  return new SessionStatements(resolveSessionsTable(options)).definition.createStatement;
}
