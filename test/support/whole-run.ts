/** `npm test`: one stage after the other, each announced in a line. Its arguments go to Vitest. */
import { spawnSync } from "node:child_process";

interface Stage {
  readonly name: string;
  /** What it does and how long it takes, on two cores. */
  readonly about: string;
  readonly command: readonly string[];
}

const STAGES: readonly Stage[] = [
  {
    name: "Build",
    about: "the package, and whether every kind of program can load it (about 10 s)",
    command: ["npm", "run", "build"],
  },
  {
    name: "Checks",
    about: "lint, format and types (about 15 s)",
    command: ["npm", "run", "check"],
  },
  {
    name: "Tests",
    about:
      "unit, types, integration and langchain-1.3 on one Cassandra, package; then alone, one file at a time; then " +
      "faults, where three nodes die again and again for some minutes (about 15 minutes in all; the first run also " +
      "downloads Cassandra)",
    command: ["vitest", "run", ...process.argv.slice(2)],
  },
];

/** As npm itself is run, so that no shell is needed on any system. */
function run([program = "", ...args]: readonly string[]): number {
  const path = program === "npm" ? process.env["npm_execpath"] : "node_modules/vitest/vitest.mjs";
  if (path === undefined) throw new Error("Expected to be started by npm: run `npm test`.");
  return spawnSync(process.execPath, [path, ...args], { stdio: "inherit" }).status ?? 1;
}

function say(line: string): void {
  process.stdout.write(`\n${line}\n`);
}

for (const [at, { name, about, command }] of STAGES.entries()) {
  say(`${name} (${at + 1} of ${STAGES.length}): ${about}.`);
  const began = Date.now();
  const status = run(command);
  const took = `${((Date.now() - began) / 1000).toFixed(0)} s`;
  if (status !== 0) {
    say(`${name} failed after ${took}. Run it alone by: npx ${command.join(" ")}`.replace("npx npm", "npm"));
    process.exit(status);
  }
  say(`${name}: passed in ${took}.`);
}
