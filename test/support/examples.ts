import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { expect, inject } from "vitest";

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

/** Fails unless each of the excerpt's lines stands in the example, in that order, however far in. */
export async function expectExcerpt(excerpt: string, name: string): Promise<void> {
  const program = (await readFile(`examples/${name}`, "utf8")).split("\n").map((line) => line.trim());
  const shown = excerpt.split("\n").map((line) => line.trim());
  expect(shown.filter((line) => line !== "").length).toBeGreaterThan(0);
  let at = -1;
  for (const line of shown.filter((one) => one !== "")) {
    at = program.indexOf(line, at + 1);
    expect(at, `the README's line ${JSON.stringify(line)} in examples/${name}`).toBeGreaterThanOrEqual(0);
  }
}
