import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { inject } from "vitest";

const run = promisify(execFile);

/** Runs an example as a program, on the test cluster, and gives what it printed. */
export async function runExample(name: string): Promise<string> {
  const env = {
    ...process.env,
    CASSANDRA_CONTACT_POINTS: inject("contactPoints").join(","),
    CASSANDRA_LOCAL_DC: inject("localDataCenter"),
  };
  const { stdout } = await run(process.execPath, ["--import", "tsx", `examples/${name}`], { env });
  return stdout;
}
