// Apart from the other examples: CI's lowest peers are below what the agent's entry point needs, and leave out agent**.
import { expect, test } from "vitest";
import { runExample } from "../support/examples.ts";

test("an agent remembers what its user said, and nothing of another user's session of the same id", async () => {
  expect((await runExample("sessions-agent.ts")).trimEnd().split("\n")).toEqual([
    "human: I am Ada.",
    "ai: Nice to meet you, Ada.",
    "human: Who am I?",
    "ai: You are Ada: I was given 3 messages.",
    "human: Who am I?",
    "ai: I do not know: I was given 1.",
    "[ 'first' ]",
  ]);
});
