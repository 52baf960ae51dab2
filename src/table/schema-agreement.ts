import type { Client, Host } from "cassandra-driver";
import {
  isAlreadyExists,
  isIgnoredNode,
  isInternal,
  isTableIdMismatch,
  isTableMissing,
  isTransient,
} from "../errors/driver-errors.ts";
import { schemaDisagreement } from "../errors/setup-errors.ts";
import { readSteadyMillis, readSystemMillis } from "../ids/readings.ts";
import { idMillis, isTimeUuid } from "../ids/timeuuid.ts";
import {
  AGREED_NODE_LIMIT_MS,
  AGREED_NODE_PAUSE_MS,
  AGREEMENT_LIMIT_MS,
  AGREEMENT_PAUSE_MS,
  SETTLED_AFTER_MS,
} from "../options/limits.ts";
import { sendRequest } from "./in-flight.ts";
import { pause } from "./pause.ts";
import type { TableDefinition } from "./statements.ts";
import { readSchemaVersion } from "./system-schema.ts";

/*
 * Up to 5.0, Cassandra does not order schema changes: each node makes a table by itself. Two nodes that do so at the same moment
 * make two tables of one name, and one of them is lost with what was written to it. So all processes have the table made by one
 * and the same node, and no process writes before every node has the table.
 */

/**
 * Has the node with the lowest host id run the statement. Every client agrees on that node, even one that cannot reach it at the
 * moment. A node that stays out of reach is passed over.
 */
export async function createOnAgreedNode(client: Client, statement: string): Promise<void> {
  let failure: unknown = new Error("The client knows of no node.");
  for (const host of hostsById(client)) {
    try {
      return await createOn(client, host, statement);
    } catch (error) {
      if (!isTransient(error)) throw error;
      failure = error;
    }
  }
  throw failure;
}

function hostsById(client: Client): Host[] {
  return [...client.hosts.values()].sort((a, b) => (String(a.hostId) < String(b.hostId) ? -1 : 1));
}

async function createOn(client: Client, host: Host, statement: string): Promise<void> {
  for (const limit = readSteadyMillis() + AGREED_NODE_LIMIT_MS; ; await pause(AGREED_NODE_PAUSE_MS)) {
    try {
      await sendRequest(client, () => client.execute(statement, [], { host, isIdempotent: true }));
      return;
    } catch (error) {
      // Another process was faster, by way of another node.
      if (isAlreadyExists(error) || isTableIdMismatch(error)) return;
      if (!isTransient(error) || isIgnoredNode(error) || isOver(limit)) throw error;
    }
  }
}

/** A moment in which no clock tells the time ends the wait, too: it might not end else. */
function isOver(limit: number): boolean {
  return !(readSteadyMillis() < limit);
}

/** Made so long ago that every node has it. An id that tells no time may be of any age. */
export function isSettled(tableId: string): boolean {
  return isTimeUuid(tableId) && idMillis(tableId) < (readSystemMillis() ?? 0) - SETTLED_AFTER_MS;
}

/** Resolves when every node that this client is connected to works with the table, and with the same schema. */
export async function untilAgreed(client: Client, table: TableDefinition): Promise<void> {
  for (const limit = readSteadyMillis() + AGREEMENT_LIMIT_MS; ; await pause(AGREEMENT_PAUSE_MS)) {
    const hosts = client.getState().getConnectedHosts();
    const asked = await Promise.allSettled(hosts.map((host) => readSchemaVersionWith(client, host, table.probe)));
    // A node that does not answer takes no write either, and asks the others for the schema when it is back.
    const versions = new Set(asked.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : [])));
    if (versions.size === 1 && !versions.has(undefined)) return;
    // No node has answered. This request rejects with the driver's reason.
    if (versions.size === 0) await readSchemaVersion(client);
    if (isOver(limit)) {
      const withoutTable = versions.delete(undefined);
      throw schemaDisagreement(table, AGREEMENT_LIMIT_MS / 1000, versions.size, withoutTable);
    }
  }
}

/**
 * The node's schema version, or undefined where it does not work with the table yet. A version alone does not tell: a node first
 * stores the table's rows in system_schema, where others find them. It then knows the table without having opened it: it
 * acknowledges writes and drops them. All the while it has its old version.
 */
async function readSchemaVersionWith(client: Client, host: Host, probe: string): Promise<string | undefined> {
  try {
    await sendRequest(client, () => client.execute(probe, [], { host, isIdempotent: true, fetchSize: 1 }));
  } catch (error) {
    if (isTableMissing(error) || isInternal(error)) return undefined;
    if (isTransient(error)) throw error;
    // Any other refusal shows that the node knows the table.
  }
  return readSchemaVersion(client, host);
}
