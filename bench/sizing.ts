/**
 * `npm run bench:sizing`: one session grown from 10 to 1,000,000 messages, and what is then on disk; written to the results
 * page. `--most N` stops at N messages and writes nothing.
 */
import { readFile, writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Client } from "cassandra-driver";
import { findCassandra } from "../test/support/cassandra.ts";
import { libraryContender } from "./contenders/library.ts";
import { median } from "./measure.ts";
import { conversation } from "./messages.ts";
import { between } from "./report.ts";
import { duration } from "./results.ts";

const { values } = parseArgs({ options: { most: { type: "string" } } });
const most = Number(values.most ?? 1_000_000);
const LENGTHS = [10, 100, 1000, 10_000, 100_000, 1_000_000].filter((length) => length <= most);
const SAMPLES = 50;
/** Turns and windows of another session, before anything is timed. */
const WARM_UP = 1000;
const RESULTS = new URL("RESULTS.md", import.meta.url);

const cassandra = await findCassandra({ say: (line) => console.log(line), use: "benchmark" });
const client = new Client({ contactPoints: [...cassandra.contactPoints], localDataCenter: cassandra.localDataCenter });
const keyspace = `sizing_${Date.now().toString(36)}`;

async function timeOf(operation: () => Promise<unknown>, samples: number): Promise<string> {
  const times: number[] = [];
  for (let at = 0; at < samples; at += 1) {
    const before = performance.now();
    await operation();
    times.push((performance.now() - before) * 1000);
  }
  return duration(median(times));
}

/** What the server has on disk for the table once all is written: it is asked until two answers in a row agree. */
async function mebibytesOnDisk(): Promise<number> {
  await client.execute(`ALTER TABLE ${keyspace}.message_store WITH memtable_flush_period_in_ms = 1000`);
  const query =
    "SELECT mebibytes FROM system_views.disk_usage WHERE keyspace_name = ? AND table_name = 'message_store'";
  let [last, seen] = [-1, 0];
  for (const limit = Date.now() + 60_000; Date.now() < limit && (seen === 0 || seen !== last); ) {
    await delay(2500);
    last = seen;
    seen = Number((await client.execute(query, [keyspace], { prepare: true })).first()?.["mebibytes"] ?? 0);
  }
  await client.execute(`ALTER TABLE ${keyspace}.message_store WITH memtable_flush_period_in_ms = 0`);
  return seen;
}

async function run(): Promise<string[]> {
  await client.execute(
    `CREATE KEYSPACE ${keyspace} WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}`,
  );
  const library = libraryContender(client, keyspace);
  const session = library.open("grows");
  const chunk = conversation(10_000);
  const warm = library.open("warm");
  for (let at = 0; at < WARM_UP; at += 1) {
    await warm.addAll(chunk.slice(0, 2));
    await warm.window(20);
  }
  const rows: string[] = [];
  let length = 0;
  for (const wanted of LENGTHS) {
    for (; length < wanted; length += chunk.length) await session.addAll(chunk.slice(0, wanted - length));
    length = wanted;
    const turn = await timeOf(() => session.addAll(chunk.slice(0, 2)), SAMPLES);
    length += 2 * SAMPLES;
    const window = await timeOf(() => session.window(20), SAMPLES);
    const history = library.history("grows");
    const count = await timeOf(() => history.count(), wanted > 10_000 ? 3 : 10);
    const disk = wanted < 10_000 ? undefined : await mebibytesOnDisk();
    const bytes = disk === undefined ? "" : `${disk} MiB, ${Math.round((disk * 2 ** 20) / length)} bytes a message`;
    rows.push(`| ${wanted.toLocaleString("en")} | ${turn} | ${window} | ${count} | ${bytes} |`);
    console.log(rows.at(-1));
  }
  return rows;
}

try {
  const rows = await run();
  const table = `
| messages in the session | append a turn | the last 20 | \`count()\` | on disk |
| --- | --- | --- | --- | --- |
${rows.join("\n")}`;
  if (values.most === undefined) {
    await writeFile(RESULTS, between(await readFile(RESULTS, "utf8"), "sizing", table, "bench:sizing"));
  }
} finally {
  await client.execute(`DROP KEYSPACE IF EXISTS ${keyspace}`);
  await client.shutdown();
  await cassandra.stop();
}
