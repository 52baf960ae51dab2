/**
 * `npm run dev`: keeps a Cassandra, and runs the unit and integration tests that a change touches, first those of what is
 * not committed yet. Ctrl-C, or `q`, ends both. Its arguments go to Vitest.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { findCassandra } from "./cassandra.ts";

const say = (line: string): boolean => process.stdout.write(`${line}\n`);

function watchTests(contactPoints: readonly string[], localDataCenter: string): ChildProcess {
  const projects = ["unit", "integration"].flatMap((name) => ["--project", name]);
  return spawn(
    process.execPath,
    [
      "node_modules/vitest/vitest.mjs",
      "watch",
      "--changed",
      "--passWithNoTests",
      ...projects,
      ...process.argv.slice(2),
    ],
    {
      stdio: "inherit",
      env: {
        ...process.env,
        CASSANDRA_CONTACT_POINTS: contactPoints.join(","),
        CASSANDRA_LOCAL_DC: localDataCenter,
      },
    },
  );
}

const { contactPoints, localDataCenter, stop } = await findCassandra({ say, preferredPort: 9042 });
const vitest = watchTests(contactPoints, localDataCenter);
// An interrupt from the keyboard reaches Vitest, too; what is sent to this process alone is passed on.
process.on("SIGINT", () => {}).on("SIGTERM", () => void vitest.kill("SIGTERM"));
const code = await new Promise<number>((resolve) => vitest.once("exit", (status) => resolve(status ?? 0)));
await stop();
process.exitCode = code;
