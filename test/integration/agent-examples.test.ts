// Apart from the other examples: CI's lowest peers are below what the agent's entry point needs, and leave out agent**.
import { randomUUID } from "node:crypto";
import { readFile, rm, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { runExample } from "../support/examples.ts";

/** Its lines. */
async function printed(name: string): Promise<string[]> {
  return (await runExample(name)).trimEnd().split("\n");
}

test("an agent remembers what was said in the turn before", async () => {
  expect(await printed("agent.ts")).toEqual([
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
  expect(await printed("langgraph.ts")).toEqual([
    "human: I am Ada.",
    "ai: Nice to meet you, Ada.",
    "human: Who am I?",
    "ai: You are Ada.",
  ]);
});

test("with a checkpointer, that graph saves each message once as well", async () => {
  const program = await readFile("examples/langgraph.ts", "utf8");
  const name = `langgraph-${randomUUID()}.ts`;
  const kept = program
    .replace(".compile();", ".compile({ checkpointer: new MemorySaver() });")
    .replace("MessagesAnnotation,", "MemorySaver, MessagesAnnotation,");
  try {
    await writeFile(`examples/${name}`, kept);
    expect(kept).toContain("new MemorySaver()");
    expect(await printed(name)).toEqual(await printed("langgraph.ts"));
  } finally {
    await rm(`examples/${name}`);
  }
});
