import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { HumanMessage } from "@langchain/core/messages";
import { type Client, policies } from "cassandra-driver";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { CassandraChatMessageHistory } from "../../src/index.ts";
import { bundleProgram } from "../support/bundle.ts";
import { type Cluster, openCluster, startCluster } from "../support/cluster.ts";
import { failureOf } from "../support/failure.ts";
import { numbered, texts } from "../support/messages.ts";
import { TcpProxy } from "../support/proxy.ts";
import { report } from "../support/report.ts";
import { outcomeUnder } from "../support/writers.ts";

let cluster: Cluster;
let client: Client;

beforeAll(async () => {
  cluster = await startCluster({ nodes: 3 });
  const reconnection = new policies.reconnection.ConstantReconnectionPolicy(100);
  client = await openCluster(cluster, { policies: { reconnection } });
  await client.execute(
    "CREATE KEYSPACE faults WITH replication = {'class': 'NetworkTopologyStrategy', 'datacenter1': 3}",
  );
  // On default settings a node that is killed loses what it took in the last 100 ms (`AbstractCommitLogService`, 5.0).
  await openSession("away").addMessages(numbered(2));
});
afterAll(async () => {
  await client?.shutdown();
  await cluster?.stop();
});

function openSession(sessionId: string, table = "message_store"): CassandraChatMessageHistory {
  return new CassandraChatMessageHistory({ client, keyspace: "faults", table, sessionId });
}

const anyNode = (): number => Math.floor(Math.random() * 3);
const between = (least: number, most: number): number => least + Math.random() * (most - least);

/** 32 writers in 50 sessions, at LOCAL_QUORUM, each with a pause after its turn. */
function planOf(table: string, pauseMs = 40): Parameters<typeof outcomeUnder>[2] {
  const { contactPoints, localDataCenter } = cluster;
  const load = { writers: 32, sessions: 50, pauseMs, proxies: {} };
  return { contactPoints, localDataCenter, keyspace: "faults", table, ...load };
}

const nothingWrong = { lost: [], broken: [], driverCrashes: 0 };

test("every acknowledged turn is there once, whole and in order, when a node is killed every few seconds for a minute", async () => {
  let kills = 0;
  // A longer pause leaves the processor to the node that starts, so that there are more kills in a minute.
  const plan = planOf("kills", 200);
  const outcome = await outcomeUnder("one of three nodes killed again and again", client, plan, async () => {
    for (const end = Date.now() + 60_000; Date.now() < end; kills += 1) {
      const node = anyNode();
      await delay(between(500, 2_000));
      await cluster.kill(node);
      await delay(between(0, 1_000));
      await cluster.start(node);
    }
  });
  report(`(${kills} kills)`);
  expect(outcome).toMatchObject(nothingWrong);
  expect(outcome.acknowledged).toBeGreaterThan(1_000);
});

test("every acknowledged turn is there once, whole and in order, when a node is frozen for 15 s", async () => {
  const outcome = await outcomeUnder("one of three nodes frozen for 15 s", client, planOf("frozen"), async () => {
    const node = anyNode();
    await delay(1_000);
    await cluster.freeze(node);
    await delay(15_000);
    await cluster.resume(node);
    await delay(1_000);
  });
  expect(outcome).toMatchObject(nothingWrong);
  expect(outcome.acknowledged).toBeGreaterThan(1_000);
});

/** A proxy before each node, and the plan of writers that connect through them. */
async function throughProxies(table: string): Promise<[proxies: TcpProxy[], plan: ReturnType<typeof planOf>]> {
  const proxies = await Promise.all(cluster.contactPoints.map((target) => TcpProxy.before(target)));
  onTestFinished(async () => void (await Promise.all(proxies.map((proxy) => proxy.close()))));
  const contactPoints = proxies.map(({ address }) => address);
  const plan = {
    ...planOf(table),
    contactPoints,
    proxies: Object.fromEntries(contactPoints.map((address, at) => [cluster.contactPoints[at] ?? "", address])),
  };
  return [proxies, plan];
}

test("every acknowledged turn is there once, whole and in order, when connections are slow, stall or are cut", async () => {
  const [proxies, plan] = await throughProxies("network");
  const outcome = await outcomeUnder("slow, stalled and cut connections for 15 s", client, plan, async () => {
    for (const end = Date.now() + 15_000; Date.now() < end; ) {
      const proxy = proxies[anyNode()];
      const ill = anyNode();
      if (ill === 0) proxy?.delay(between(1, 50));
      if (ill === 1) proxy?.stall();
      await delay(between(50, 500));
      if (ill === 2) proxy?.cut();
      proxy?.delay(0);
      proxy?.resume();
    }
  });
  expect(outcome).toMatchObject(nothingWrong);
  expect(outcome.acknowledged).toBeGreaterThan(1_000);
});

test("no acknowledged turn is lost or broken when every connection is cut each 50 to 200 ms", async () => {
  const [proxies, plan] = await throughProxies("cuts");
  const outcome = await outcomeUnder("every connection cut each 50-200 ms for 20 s", client, plan, async () => {
    const end = Date.now() + 20_000;
    const cutAgainAndAgain = async (proxy: TcpProxy): Promise<void> => {
      for (; Date.now() < end; proxy.cut()) await delay(between(50, 200));
    };
    await Promise.all(proxies.map(cutAgainAndAgain));
    await delay(1_000);
  });
  expect(outcome).toMatchObject({ lost: [], broken: [] });
  expect(outcome.acknowledged).toBeGreaterThan(0);
  expect(outcome.failedCalls).toBeGreaterThan(0);
});

test("no turn is stored in part when its writer is killed at a random moment, 200 times", async () => {
  const [kills, atOnce] = [200, 4];
  await openSession("none", "killed_writers").setup();
  const program = await bundleProgram("endless-writer");
  const killSome = async (first: number): Promise<void> => {
    for (let at = first; at < kills; at += atOnce)
      await killAfter(await startWriter(program, `session ${at}`), between(0, 150));
  };
  await Promise.all(Array.from({ length: atOnce }, (_, first) => killSome(first)));
  // Read only now, when no write is on its way any more.
  let turns = 0;
  for (let at = 0; at < kills; at += 1) {
    turns += countWhole(texts(await openSession(`session ${at}`, "killed_writers").getMessages()));
  }
  report(`a writer killed ${kills} times: ${turns} turns stored, each whole`);
  expect(turns).toBeGreaterThan(kills);
});

async function startWriter(program: string, sessionId: string): Promise<ChildProcess> {
  const settings = [cluster.contactPoints.join(","), cluster.localDataCenter, "faults", "killed_writers", sessionId];
  const writer = fork(program, settings);
  await once(writer, "message");
  return writer;
}

async function killAfter(writer: ChildProcess, milliseconds: number): Promise<void> {
  const exited = once(writer, "exit");
  writer.send("go");
  await delay(milliseconds);
  writer.kill("SIGKILL");
  await exited;
}

/** How many turns there are; throws for one that is not whole. */
function countWhole(stored: readonly string[]): number {
  let turns = 0;
  for (let at = 0; at < stored.length; turns += 1) {
    const { length } = JSON.parse(stored[at] ?? "");
    const places = stored.slice(at, at + length).map((text) => JSON.parse(text));
    const whole = Array.from({ length }, (_, place) => ({ writer: places[0].writer, turn: turns, at: place, length }));
    expect(places).toEqual(whole);
    at += length;
  }
  return turns;
}

test("a history fails within the driver's timeouts while the whole cluster is down, and works once it is back", async () => {
  const history = openSession("away");
  await history.getMessages();
  await Promise.all([0, 1, 2].map((node) => cluster.kill(node)));
  const began = Date.now();
  const [read, write] = await Promise.all([
    failureOf(history.getMessages()),
    failureOf(history.append([new HumanMessage("lost?")])),
  ]);
  const took = Date.now() - began;
  report(`the whole cluster away: errors after ${took} ms`);
  expect([read.code, write.code, write.ids?.length, write.written]).toEqual(["READ_FAILED", "WRITE_FAILED", 1, []]);
  expect(read.message).toBe(
    "Reading the messages failed (NoHostAvailableError). No node could take the request; see the driver's error in `cause`; " +
      "reading again is safe.",
  );
  // The driver's own readTimeout, for each of two requests one after the other.
  expect(took).toBeLessThan(24_000);

  const fresh = openSession("away", "new");
  expect((await failureOf(fresh.setup())).code).toBe("SETUP_FAILED");

  await Promise.all([0, 1, 2].map((node) => cluster.start(node)));
  await expect.poll(() => client.getState().getConnectedHosts().length, { timeout: 60_000 }).toBe(3);
  await expect
    .poll(() => history.append([new HumanMessage("lost?")], { ids: write.ids }), { timeout: 60_000 })
    .toHaveLength(1);
  expect(texts(await history.getMessages())).toEqual([...texts(numbered(2)), "lost?"]);
  await fresh.setup();
});
