/**
 * `npm run bench`: this library beside the bare driver, and with `--peers` beside what else LangChain has; writes the results
 * page, the charts and the figures of docs/performance.md. `--quick` takes less than a minute, without the longest session, and `--only TEXT`
 * measures the operations whose name holds the text: neither writes anything.
 */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { Client } from "cassandra-driver";
import { findCassandra } from "../test/support/cassandra.ts";
import type { Contender, RemoteContender } from "./contenders/contender.ts";
import { libraryContender } from "./contenders/library.ts";
import { type Peers, startPeers } from "./contenders/peers.ts";
import { Raw } from "./contenders/raw.ts";
import { measure, ratioTo, type Trial } from "./measure.ts";
import { conversation } from "./messages.ts";
import { type MemoryFigure, writeReport } from "./report.ts";
import { type Comparison, line, summarize } from "./results.ts";
import { readWindow, SCENARIOS, type Scenario } from "./scenarios.ts";

const { values: flags } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    peers: { type: "boolean", default: false },
    only: { type: "string", default: "" },
  },
});
const LONG_SESSION = 100_000;
const NO_PEERS: Peers = {
  contenders: [],
  remotes: [],
  versions: [],
  missing: ["other stores, which are measured with --peers"],
  notes: [],
};

const cassandra = await findCassandra({ say: (text) => console.log(text), use: "benchmark" });
const { contactPoints, localDataCenter } = cassandra;
const client = new Client({ contactPoints: [...contactPoints], localDataCenter });
const keyspace = `bench_${Date.now().toString(36)}`;
let peers = NO_PEERS;

async function compare(
  scenario: Scenario,
  contenders: readonly Contender[],
  remotes: readonly RemoteContender[],
): Promise<Comparison> {
  const trials: Trial[] = [];
  for (const contender of contenders) trials.push({ name: contender.name, run: await scenario.prepare(contender) });
  const task = scenario.task?.();
  if (task !== undefined) {
    for (const remote of remotes) trials.push({ name: remote.name, run: await remote.prepare(task) });
  }
  const seconds = (scenario.seconds * trials.length) / 3;
  const budget = flags.quick ? { seconds: 0.3, sampleMs: 8 } : { seconds, sampleMs: 40 };
  const samples = await measure(trials, budget);
  for (const contender of contenders) await contender.release();
  return summarize(scenario.name, scenario.calls ?? 1, samples);
}

/** Until an engine has compiled what most operations share, a call costs several times what it costs a busy service. */
async function warmUp(contender: Contender): Promise<void> {
  for (const { short, prepare } of SCENARIOS) {
    if (!short) continue;
    const run = await prepare(contender);
    // One that opens a client for each history, and one more for each of its first calls, is given few.
    const [atOnce, calls] = contender.opensClients ? [1, 20] : [16, flags.quick ? 8 : 150];
    await Promise.all(Array.from({ length: atOnce }, () => run(calls)));
    await contender.release();
  }
}

/** How a window's time depends on the length of its session. */
async function compareWindows(library: Contender): Promise<number> {
  const trials = [];
  for (const count of [100, LONG_SESSION]) {
    trials.push({ name: `${count}`, run: await readWindow(count).prepare(library) });
  }
  const [short = [], long = []] = (await measure(trials, { seconds: 6, sampleMs: 40 })).values();
  return ratioTo([short], long, ({ wall }) => wall);
}

async function measureMemory(library: Contender): Promise<MemoryFigure[]> {
  await library.open("memory").addAll(conversation(LONG_SESSION));
  const program = fileURLToPath(new URL("memory.ts", import.meta.url));
  const where = [contactPoints.join(","), localDataCenter, keyspace, "memory"];
  const figures: MemoryFigure[] = [];
  for (const way of ["entries", "getMessages"]) {
    const args = ["--expose-gc", "--import", "tsx", program, ...where, way];
    const { count, grownMiB } = JSON.parse((await promisify(execFile)(process.execPath, args)).stdout);
    if (count !== LONG_SESSION) throw new Error(`Expected ${LONG_SESSION} messages by ${way}, got ${count}.`);
    figures.push({ name: way, grownMiB });
    console.log(`${way} over ${LONG_SESSION}: ${grownMiB.toFixed(1)} MiB above idle`);
  }
  return figures;
}

async function versions(): Promise<string[]> {
  const [row] = (await client.execute("SELECT release_version FROM system.local")).rows;
  return [`Cassandra ${row?.["release_version"]}`, ...peers.versions];
}

async function run(): Promise<void> {
  await client.execute(
    `CREATE KEYSPACE ${keyspace} WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}`,
  );
  if (flags.peers) peers = await startPeers({ contactPoints, localDataCenter, keyspace });
  for (const missing of peers.missing) console.log(`Left out: ${missing}`);
  for (const note of peers.notes) console.log(note);
  const library = libraryContender(client, keyspace);
  const own = [await Raw.create("raw", client, keyspace), await Raw.create("raw again", client, keyspace), library];
  for (const contender of [...own, ...peers.contenders]) await warmUp(contender);
  const comparisons: Comparison[] = [];
  const wanted = SCENARIOS.filter(({ name, long }) => name.includes(flags.only) && !(flags.quick && long));
  for (const scenario of wanted) {
    const comparison = await (scenario.peers
      ? compare(scenario, [...own, ...peers.contenders], peers.remotes)
      : compare(scenario, own, []));
    comparisons.push(comparison);
    console.log(line(comparison));
  }
  if (flags.quick || flags.only !== "") return;
  const windowRatio = await compareWindows(library);
  console.log(`a window out of ${LONG_SESSION}: ${windowRatio.toFixed(2)} times one out of 100`);
  const memory = await measureMemory(library);
  await writeReport({
    comparisons,
    windowRatio,
    memory,
    versions: await versions(),
    missing: peers.missing,
    notes: peers.notes,
  });
}

try {
  await run();
} finally {
  // One that cannot be stopped is no reason to leave the others.
  for (const peer of [...peers.contenders, ...peers.remotes]) await peer.stop().catch((error) => console.error(error));
  await client.execute(`DROP KEYSPACE IF EXISTS ${keyspace}`);
  await client.shutdown();
  await cassandra.stop();
}
