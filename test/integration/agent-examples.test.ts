import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { expect, inject, test } from "vitest";

const run = promisify(execFile);

async function runExample(name: string): Promise<string[]> {
  const env = {
    ...process.env,
    CASSANDRA_CONTACT_POINTS: inject("contactPoints").join(","),
    CASSANDRA_LOCAL_DC: inject("localDataCenter"),
  };
  const { stdout } = await run(process.execPath, ["--import", "tsx", `examples/${name}`], { env });
  return stdout.trimEnd().split("\n");
}

test("an agent remembers what was said in the turn before", async () => {
  expect(await runExample("agent.ts")).toEqual([
    "human: How is the weather in Rome and Oslo?",
    "ai: Let me look.",
    "tool: It is sunny in Rome.",
    "tool: It is sunny in Oslo.",
    "ai: Sunny in both.",
    "human: Which city did I name first?",
    "ai: Rome. I was given 6 messages.",
  ]);
});

test("a graph of one's own saves each message, with its id, from a node after the model's", async () => {
  expect(await runExample("langgraph.ts")).toEqual([
    "human: I am Ada.",
    "ai: Nice to meet you, Ada.",
    "human: Who am I?",
    "ai: You are Ada.",
  ]);
});

test.each([
  ["Agents", "agent.ts"],
  ["LangGraph", "langgraph.ts"],
])("the README's section %s shows lines of examples/%s, in their order", async (title, name) => {
  const [readme, program] = await Promise.all([readFile("README.md", "utf8"), readFile(`examples/${name}`, "utf8")]);
  const section = readme.split(/^## /m).find((one) => one.startsWith(`${title}\n`)) ?? "";
  const [, code = ""] = section.split("```ts\n");
  const shown =
    code
      .split("```")[0]
      ?.split("\n")
      .filter((line) => line !== "") ?? [];
  expect(shown.length).toBeGreaterThan(5);
  const lines = program.split("\n");
  let at = -1;
  for (const line of shown) {
    at = lines.indexOf(line, at + 1);
    expect(at, `the README's line ${JSON.stringify(line)}`).toBeGreaterThanOrEqual(0);
  }
});
