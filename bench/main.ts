/**
 * `npm run bench`: this library beside the bare driver, and with `--peers` beside what else LangChain has. `--quick` takes
 * less than a minute and writes nothing; `--only TEXT` measures the operations whose name holds the text.
 */
import { parseArgs } from "node:util";
import { Client } from "cassandra-driver";
import { findCassandra } from "../test/support/cassandra.ts";
import type { Contender } from "./contenders/contender.ts";
import { libraryContender } from "./contenders/library.ts";
import { Raw } from "./contenders/raw.ts";
import { measure, median, ratioTo, type Sample, type Samples } from "./measure.ts";
import { SCENARIOS, type Scenario } from "./scenarios.ts";

const { values: flags } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    peers: { type: "boolean", default: false },
    only: { type: "string" },
  },
});

const cassandra = await findCassandra({ say: (line) => console.log(line), use: "benchmark" });
const client = new Client({ contactPoints: [...cassandra.contactPoints], localDataCenter: cassandra.localDataCenter });
const keyspace = `bench_${Date.now().toString(36)}`;

async function compare(scenario: Scenario, contenders: readonly Contender[]): Promise<Samples> {
  const trials = [];
  for (const contender of contenders) trials.push({ name: contender.name, run: await scenario.prepare(contender) });
  const budget = { seconds: flags.quick ? 1 : scenario.seconds, sampleMs: flags.quick ? 12 : 40 };
  return measure(trials, budget);
}

function show(name: string, samples: Samples): void {
  const [raw = [], again = [], ...others] = samples.values();
  const wall = (sample: Sample): number => sample.wall;
  const cpu = (sample: Sample): number => sample.cpu;
  const cells = [
    name.padEnd(38),
    `raw ${median(raw.map(wall)).toFixed(0)} / ${median(raw.map(cpu)).toFixed(0)} µs`.padEnd(24),
    `A/A ${ratioTo([raw], again, wall).toFixed(2)} / ${ratioTo([raw], again, cpu).toFixed(2)}`,
    ...others.map(
      (one) => `${ratioTo([raw, again], one, wall).toFixed(3)} / ${ratioTo([raw, again], one, cpu).toFixed(3)}`,
    ),
    `${raw.length} rounds`,
  ];
  console.log(cells.join("  "));
}

try {
  await client.execute(
    `CREATE KEYSPACE ${keyspace} WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}`,
  );
  const contenders = [
    await Raw.create("raw", client, keyspace),
    await Raw.create("raw again", client, keyspace),
    libraryContender(client, keyspace),
  ];
  for (const scenario of SCENARIOS) {
    if (flags.only !== undefined && !scenario.name.includes(flags.only)) continue;
    show(scenario.name, await compare(scenario, contenders));
  }
} finally {
  await client.execute(`DROP KEYSPACE IF EXISTS ${keyspace}`);
  await client.shutdown();
  await cassandra.stop();
}
