import { type ChildProcess, execFile, fork } from "node:child_process";
import { once } from "node:events";
import { mkdir, open as openFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Client, types } from "cassandra-driver";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  CassandraChatMessageHistory,
  type CassandraChatMessageHistoryOptions,
  createTableStatement,
} from "../../src/index.ts";
import { bundleProgram } from "../support/bundle.ts";
import { type Cluster, openCluster, startCluster } from "../support/cluster.ts";
import { failureOf } from "../support/failure.ts";
import { numbered, texts } from "../support/messages.ts";
import { report } from "../support/report.ts";
import { statementsOf, watchClient } from "../support/watch.ts";

const PROCESSES = 20;
const MESSAGES = 5;
const TABLES = 10;

interface FirstUse {
  readonly table: string;
  readonly acknowledged: readonly string[];
  readonly errors: readonly string[];
}

/** For changes of the schema, which take long on a slow disk. */
const PATIENT = { readTimeout: 60_000 };

let cluster: Cluster;
let client: Client;
const processes: ChildProcess[] = [];

beforeAll(async () => {
  cluster = await startCluster({ nodes: 3 });
  client = await openCluster(cluster);
  await client.execute(
    "CREATE KEYSPACE race WITH replication = {'class': 'NetworkTopologyStrategy', 'datacenter1': 3}",
    [],
    PATIENT,
  );
});
afterAll(async () => {
  for (const one of processes) if (one.connected) one.disconnect();
  await client?.shutdown();
  await cluster?.stop();
});

async function startFirstUser(program: string, at: number, keyspace: string): Promise<ChildProcess> {
  const contactPoint = cluster.contactPoints[at % 3] ?? "";
  const settings = [contactPoint, cluster.localDataCenter, keyspace, `session ${at}`, String(MESSAGES)];
  const started = fork(program, settings);
  processes.push(started);
  await once(started, "message");
  return started;
}

test("of 20 processes that first use a table at the same moment, ten times, none fails and nothing is lost", async () => {
  const program = await bundleProgram("first-user");
  const users = await Promise.all(Array.from({ length: PROCESSES }, (_, at) => startFirstUser(program, at, "race")));
  const errors: string[] = [];
  const lost: string[] = [];
  let stored = 0;
  for (let at = 0; at < TABLES; at += 1) {
    const table = `race_${at}`;
    const answers = users.map(async (user): Promise<FirstUse> => (await once(user, "message"))[0]);
    for (const user of users) user.send(table);
    const uses = await Promise.all(answers);
    const there = await storedTexts(table);
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
async function storedTexts(table: string): Promise<Set<string>> {
  const { rows } = await client.execute(`SELECT message FROM race.${table}`, [], {
    consistency: types.consistencies.all,
  });
  return new Set(rows.map((row) => JSON.parse(row["message"]).data.content));
}

function open(options: Partial<CassandraChatMessageHistoryOptions>): CassandraChatMessageHistory {
  return new CassandraChatMessageHistory({ client, keyspace: "race", sessionId: "running", ...options });
}

/** Makes the table on the first node, while the second one knows it but cannot open it until the answer is called. */
async function createHalfOpened(table: string): Promise<() => Promise<void>> {
  const id = types.TimeUuid.now();
  const folder = join(cluster.homes[1] ?? "", "data", "race", `${table}-${String(id).replaceAll("-", "")}`);
  // A node reads the logs of transactions when it opens a table, and a pipe has it wait for who writes.
  const pipe = join(folder, `nb_txn_flush_${types.TimeUuid.now()}.log`);
  await mkdir(folder, { recursive: true });
  await promisify(execFile)("mkfifo", [pipe]);
  const impatient = await openCluster(cluster, { protocolOptions: { maxSchemaAgreementWaitSeconds: 0 } });
  const host = impatient.hosts.get(cluster.contactPoints[0] ?? "");
  await impatient.execute(`${createTableStatement({ keyspace: "race", table })} AND ID = ${id}`, [], {
    ...PATIENT,
    host,
  });
  await impatient.shutdown();
  return async () => {
    const writer = await openFile(pipe, "w");
    await rm(pipe);
    await writer.close();
  };
}

test("a new table is written to only once every node has opened it", async () => {
  const letItOpen = await createHalfOpened("half_opened");
  let refusals = 0;
  const { watched, requests } = watchClient(client, async (_, send) => {
    try {
      return await send();
    } catch (error) {
      if (String(error).includes("Unknown CF")) refusals += 1;
      // The library has seen twice that the node has not opened it. Now the node does.
      if (refusals === 2) await letItOpen();
      throw error;
    }
  });
  await open({ client: watched, table: "half_opened" }).addUserMessage("hi");
  expect(refusals).toBeGreaterThanOrEqual(2);
  expect(statementsOf(requests, /^INSERT/)).toHaveLength(1);
  expect(await storedTexts("half_opened")).toEqual(new Set(["hi"]));
});

test("writes go on while a column is added to the table, and reads go on after it", async () => {
  const history = open({ table: "altered" });
  await history.setup();
  let altered = false;
  const alter = client.execute("ALTER TABLE race.altered ADD note text", [], PATIENT).finally(() => {
    altered = true;
  });
  let written = 0;
  let failedReads = 0;
  for (; !altered || written < 100; written += 1) {
    await history.addUserMessage(`message ${written}`);
    const error: unknown = await history.getMessages().catch((reason: unknown) => reason);
    if (error instanceof Error) {
      failedReads += 1;
      expect(error).toMatchObject({ code: "READ_FAILED" });
    }
  }
  await alter;
  report(`while a column was added: ${written} writes, none failed; ${failedReads} of as many reads failed`);
  expect(failedReads).toBeLessThan(written / 2);
  expect(texts(await history.getMessages())).toEqual(texts(numbered(written)));
});

test("a table dropped while in use is made anew once, and without createTable the error names it until it is there", async () => {
  const [maker, user] = [open({ table: "dropped" }), open({ table: "dropped", createTable: false, sessionId: "user" })];
  await maker.addUserMessage("before");
  await user.addUserMessage("before");
  await client.execute("DROP TABLE race.dropped", [], PATIENT);
  const errors = await Promise.all([user.addUserMessage("while"), user.getMessages()].map(failureOf));
  // The add was sent to the table that it knew; the read, which comes after it, looks first.
  const told = [
    "It was changed while it was in use: what the server refused took no effect. The next call looks again.",
    "Nothing of the call was sent; the next call tries again.",
  ];
  const statement = createTableStatement({ keyspace: "race", table: "dropped" });
  expect(errors.map(({ code, message }) => [code, message])).toEqual(
    told.map((then) => [
      "SETUP_FAILED",
      `Table "race"."dropped" does not exist, and createTable is false. ${then} Create it with:\n${statement}`,
    ]),
  );
  await Promise.all(
    numbered(20).map((message, at) => open({ table: "dropped", sessionId: String(at) }).addMessage(message)),
  );
  await user.addUserMessage("after");
  expect(texts(await user.getMessages())).toEqual(["after"]);
  for (let at = 0; at < 20; at += 1) {
    expect(texts(await open({ table: "dropped", sessionId: String(at) }).getMessages())).toEqual([`message ${at}`]);
  }
});
