import { setTimeout as delay } from "node:timers/promises";
import type { Client, Host } from "cassandra-driver";
import {
  isAlreadyExists,
  isIgnoredNode,
  isInternal,
  isTableIdMismatch,
  isTableMissing,
  isTransient,
} from "../errors/driver-errors.ts";
import { CassandraHistoryError } from "../errors/history-error.ts";
import { idMicros, isTimeUuid } from "../ids/clock.ts";
import { readSchemaVersion } from "./schema.ts";
import { Statements, type TableNames } from "./statements.ts";

/*
 * Until Cassandra orders schema changes itself (after 5.0), each node makes a table on its own authority, and two nodes
 * that do so at the same moment make two tables of one name, one of which is lost with what was written to it. So all
 * processes have the table made by one and the same node, and none writes before every node has it.
 */

/** How long the agreed node may be out of reach before the next one is taken, and how often it is tried. */
const COORDINATOR_LIMIT_MS = 5_000;
const COORDINATOR_PAUSE_MS = 200;
/** How long the nodes may take to agree, and how often they are asked. */
const AGREEMENT_LIMIT_MS = 30_000;
const AGREEMENT_PAUSE_MS = 100;
/** A table this old is open everywhere: agreement takes seconds, and the rest is for clocks that differ. */
const SETTLED_AFTER_MS = 600_000;

/**
 * Has the statement run by the node with the lowest host id, which every client takes for the same, even one that cannot
 * reach it at the moment. A node that stays away is passed over.
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
  for (const limit = Date.now() + COORDINATOR_LIMIT_MS; ; await delay(COORDINATOR_PAUSE_MS)) {
    try {
      await client.execute(statement, [], { host, isIdempotent: true });
      return;
    } catch (error) {
      // Another process was faster, by way of another node.
      if (isAlreadyExists(error) || isTableIdMismatch(error)) return;
      if (!isTransient(error) || isIgnoredNode(error) || Date.now() >= limit) throw error;
    }
  }
}

/** Made so long ago that every node has it. An id that tells no time may be of any age. */
export function isSettled(tableId: string): boolean {
  return isTimeUuid(tableId) && idMicros(tableId) / 1000 < Date.now() - SETTLED_AFTER_MS;
}

/** Resolves when every node that this client is connected to works with the table, and with the same schema. */
export async function untilAgreed(client: Client, table: TableNames): Promise<void> {
  const { probe } = new Statements(table);
  for (const limit = Date.now() + AGREEMENT_LIMIT_MS; ; await delay(AGREEMENT_PAUSE_MS)) {
    const hosts = client.getState().getConnectedHosts();
    const asked = await Promise.allSettled(hosts.map((host) => readSchemaVersionWith(client, host, probe)));
    // A node that does not answer takes no write either, and asks the others for the schema when it is back.
    const versions = new Set(asked.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : [])));
    if (versions.size === 1 && !versions.has(undefined)) return;
    // Where none answers, the driver tells why.
    if (versions.size === 0) await readSchemaVersion(client);
    if (Date.now() >= limit) throw disagreement(table, versions);
  }
}

/**
 * The node's schema version, or undefined where it does not work with the table yet. A version alone does not tell: a
 * node stores the table's rows in system_schema first, where others find them, then knows the table without having opened
 * it, when it acknowledges writes and drops them, and all the while has its version of before.
 */
async function readSchemaVersionWith(client: Client, host: Host, probe: string): Promise<string | undefined> {
  try {
    await client.execute(probe, [], { host, isIdempotent: true });
  } catch (error) {
    if (isTableMissing(error) || isInternal(error)) return undefined;
    if (isTransient(error)) throw error;
    // Whatever else it refuses, it knows the table.
  }
  return readSchemaVersion(client, host);
}

function disagreement({ keyspace, table }: TableNames, versions: Set<string | undefined>): CassandraHistoryError {
  const without = versions.delete(undefined) ? ", and a node without the table" : "";
  return new CassandraHistoryError(
    "SETUP_FAILED",
    `Table "${keyspace}"."${table}" is new, and the nodes do not agree on the schema after ${AGREEMENT_LIMIT_MS / 1000} s: ` +
      `expected 1 version, got ${versions.size}${without}. Nothing was written. The next call tries again; if it stays so, ` +
      "look at `nodetool describecluster`.",
  );
}
