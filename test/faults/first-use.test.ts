import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { type Client, types } from "cassandra-driver";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Cluster, openCluster, startCluster } from "../support/cluster.ts";
import { report } from "../support/report.ts";

const PROCESSES = 20;
const MESSAGES = 5;
const TABLES = 10;

interface FirstUse {
  readonly table: string;
  readonly acknowledged: readonly string[];
  readonly errors: readonly string[];
}

let cluster: Cluster;
const processes: ChildProcess[] = [];

beforeAll(async () => {
  cluster = await startCluster({ nodes: 3 });
});
afterAll(async () => {
  for (const one of processes) if (one.connected) one.disconnect();
  await cluster?.stop();
});

async function startFirstUser(at: number, keyspace: string): Promise<ChildProcess> {
  const contactPoint = cluster.contactPoints[at % 3] ?? "";
  const settings = [contactPoint, cluster.localDataCenter, keyspace, `session ${at}`, String(MESSAGES)];
  const started = fork("test/programs/first-user.ts", settings, { execArgv: ["--import", "tsx"] });
  processes.push(started);
  await once(started, "message");
  return started;
}

test("20 processes first use a table at the same moment, ten times: nothing is lost, nothing fails", async () => {
  const client = await openCluster(cluster);
  await client.execute(
    "CREATE KEYSPACE race WITH replication = {'class': 'NetworkTopologyStrategy', 'datacenter1': 3}",
  );
  const users = await Promise.all(Array.from({ length: PROCESSES }, (_, at) => startFirstUser(at, "race")));
  const errors: string[] = [];
  const lost: string[] = [];
  let stored = 0;
  for (let at = 0; at < TABLES; at += 1) {
    const table = `race_${at}`;
    const answers = users.map(async (user): Promise<FirstUse> => (await once(user, "message"))[0]);
    for (const user of users) user.send(table);
    const uses = await Promise.all(answers);
    const there = await storedTexts(client, table);
    stored += there.size;
    errors.push(...uses.flatMap((use) => use.errors));
    lost.push(...uses.flatMap((use) => use.acknowledged).filter((text) => !there.has(text)));
  }
  report(
    `first use, ${TABLES} races of ${PROCESSES} processes: ${stored} stored, ${lost.length} lost, ${errors.length} failed`,
  );
  expect({ stored, lost, errors }).toEqual({ stored: TABLES * PROCESSES * MESSAGES, lost: [], errors: [] });
});

/** What all replicas together hold. */
async function storedTexts(client: Client, table: string): Promise<Set<string>> {
  const { rows } = await client.execute(`SELECT message FROM race.${table}`, [], {
    consistency: types.consistencies.all,
  });
  return new Set(rows.map((row) => JSON.parse(row["message"]).data.content));
}
