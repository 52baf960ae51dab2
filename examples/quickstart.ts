/** `npm run quickstart`: finds or starts a Cassandra, then runs the two programs beside this one on it. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { findCassandra } from "../test/support/cassandra.ts";

const run = promisify(execFile);
const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

/** Shows the seconds while something long goes on, on a terminal. */
function showSeconds(): () => void {
  if (!process.stdout.isTTY) return () => {};
  const began = Date.now();
  const timer = setInterval(() => process.stdout.write(`\r  ${Math.round((Date.now() - began) / 1000)} s `), 1000);
  return () => {
    clearInterval(timer);
    process.stdout.write("\r\x1b[K");
  };
}

async function runProgram(name: string, env: Record<string, string>): Promise<void> {
  const program = fileURLToPath(new URL(name, import.meta.url));
  const { stdout } = await run(process.execPath, ["--import", "tsx", program], { env: { ...process.env, ...env } });
  for (const line of stdout.trimEnd().split("\n")) say(`   ${line}`);
}

async function holdConversation(): Promise<void> {
  say("1. Finding a Cassandra, or starting one");
  const stopSeconds = showSeconds();
  const cassandra = await findCassandra({ say: (line) => say(`   ${line}`) }).finally(stopSeconds);
  const env = {
    CASSANDRA_CONTACT_POINTS: cassandra.contactPoints.join(","),
    CASSANDRA_LOCAL_DC: cassandra.localDataCenter,
  };
  try {
    say('2. Holding the conversation (examples/first-use.ts): keyspace "app", session "test-session"');
    await runProgram("first-use.ts", env);
    say("3. Reading it again from another process (examples/read-again.ts)");
    await runProgram("read-again.ts", env);
  } finally {
    say("4. Stopping what was started");
    await cassandra.stop();
  }
  say("Done. `npm run cassandra` keeps a node running to play with.");
}

await holdConversation().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
