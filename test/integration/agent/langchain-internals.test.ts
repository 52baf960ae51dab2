/**
 * The middleware reads some keys that LangChain.js and LangGraph do not document. Each test is about one of them, and tells,
 * where a newer release has changed it, which one it is and where the middleware uses it.
 */
import { randomUUID } from "node:crypto";
import { MemorySaver, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import {
  type AgentMiddleware,
  AIMessage,
  createAgent,
  createMiddleware,
  fakeModel,
  HumanMessage,
  type Runtime,
  summarizationMiddleware,
  tool,
} from "langchain";
import { expect, test } from "vitest";
import { z } from "zod";
import { CHECKPOINTER_KEY, configOfGraph } from "../../../src/agent/checkpoints.ts";
import { SOURCE_KEY, SUMMARIZATION } from "../../../src/agent/summary.ts";
import { ask, openMiddleware } from "../../support/agent.ts";

const CHECKPOINTER = `LangGraph no longer hands the checkpointer to a node as configurable["${CHECKPOINTER_KEY}"]; used in src/agent/checkpoints.ts to choose the default of "load" and to read the messages that a summary replaced`;
const NAMESPACE = `LangGraph's configurable["checkpoint_ns"] of a node is no longer its graph's and one part more behind a "|"; used in src/agent/checkpoints.ts (configOfGraph) to list the checkpoints of the agent's graph`;
const PRIVATE = `LangChain.js no longer keeps state under a key that begins with "_" private`;
const SAME_OBJECT = `LangGraph no longer hands a value of the state to later nodes as the same object; used in src/agent/recorder.ts (#runs) to find the run that a hook belongs to`;
const SUMMARY = `LangChain.js no longer marks a summary by additional_kwargs["${SOURCE_KEY}"] = "${SUMMARIZATION}" on a user's message in the place of the first messages; used in src/agent/summary.ts to keep summaries out of the log`;
const REPLIES = `LangChain.js no longer calls wrapModelCall with the state that all earlier tools have answered; used in src/agent/recorder.ts (continue) to log whole rounds`;

/** What a hook of an agent is given. */
function probe(seen: Runtime[]) {
  return createMiddleware({
    name: "probe",
    beforeAgent: (_, runtime) => {
      seen.push(runtime as Runtime);
    },
  });
}

const answering = () => fakeModel().respond(new AIMessage("answer"));
const thread = () => ({ configurable: { thread_id: randomUUID() } });

test("a graph's checkpointer is under __pregel_checkpointer, and nothing is without one", async () => {
  const checkpointer = new MemorySaver();
  const seen: Runtime[] = [];
  await createAgent({ model: answering(), tools: [], checkpointer, middleware: [probe(seen)] }).invoke(
    ask(1),
    thread(),
  );
  await createAgent({ model: answering(), tools: [], middleware: [probe(seen)] }).invoke(ask(1), thread());
  const given = seen.map(({ configurable }) => Reflect.get(configurable ?? {}, CHECKPOINTER_KEY));
  expect(given[0], CHECKPOINTER).toBe(checkpointer);
  expect(given[1], CHECKPOINTER).toBeUndefined();
});

test("the checkpoints of an agent, and of an agent that is a node, are listed under its graph's checkpoint_ns", async () => {
  const checkpointer = new MemorySaver();
  const seen: Runtime[] = [];
  const agent = createAgent({ model: answering(), tools: [], checkpointer, middleware: [probe(seen)] });
  await agent.invoke(ask(1), thread());
  const inner = createAgent({ model: answering(), tools: [], middleware: [probe(seen)] });
  const outer = new StateGraph(MessagesAnnotation).addNode("inner", inner.graph).addEdge(START, "inner");
  await outer.compile({ checkpointer }).invoke(ask(1), thread());
  const namespaces = seen.map(({ configurable }) => Reflect.get(configOfGraph(configurable), "checkpoint_ns"));
  expect(namespaces, NAMESPACE).toEqual(["", expect.stringMatching(/^inner:[^|]+$/)]);
  for (const { configurable } of seen) {
    let listed = 0;
    for await (const { checkpoint } of checkpointer.list({ configurable: configOfGraph(configurable) })) {
      if (Array.isArray(checkpoint.channel_values["messages"])) listed += 1;
    }
    expect(listed, NAMESPACE).toBeGreaterThan(1);
  }
});

test("state under a key that begins with _ is in checkpoints and hooks, the same object, and in no result", async () => {
  const checkpointer = new MemorySaver();
  const config = thread();
  const value = { of: "the first hook" };
  let later: unknown;
  const writing: AgentMiddleware = Object.assign(
    createMiddleware({
      name: "writing",
      beforeAgent: () => ({ messages: [], _private: value }),
      afterAgent: (state) => {
        later = Reflect.get(state, "_private");
      },
    }),
    { stateSchema: z.object({ _private: z.unknown() }) },
  );
  const agent = createAgent({ model: answering(), tools: [], checkpointer, middleware: [writing] });
  const result = await agent.invoke(ask(1), config);
  expect(later, SAME_OBJECT).toBe(value);
  expect(
    Object.keys(result),
    `${PRIVATE}: it is in results; used in src/agent/middleware.ts for the record of a run`,
  ).toEqual(["messages"]);
  const kept: unknown[] = [];
  for await (const { checkpoint } of checkpointer.list(config)) kept.push(checkpoint.channel_values["_private"]);
  expect(
    kept,
    `${PRIVATE}, but in the channel_values of checkpoints; read in src/agent/recorder.ts to continue a run`,
  ).toContainEqual(value);
});

test("a summary is a marked user's message, at the beginning, in the place of the first messages", async () => {
  const model = fakeModel().respond(new AIMessage("the gist"));
  const summarizing = openMiddleware(summarizationMiddleware, {
    model,
    trigger: { messages: 3 },
    keep: { messages: 1 },
  });
  const agent = createAgent({ model: answering(), tools: [], middleware: [summarizing] });
  const given = ["one", "two", "three"].map((text) => new HumanMessage({ content: text, id: text }));
  const { messages } = await agent.invoke({ messages: given });
  expect(
    messages.map(({ type }) => type),
    SUMMARY,
  ).toEqual(["human", "human", "ai"]);
  expect(messages[0]?.content, SUMMARY).toContain("the gist");
  expect(messages[0]?.additional_kwargs, SUMMARY).toMatchObject({ [SOURCE_KEY]: SUMMARIZATION });
  expect(messages[1]?.id, SUMMARY).toBe("three");
});

test("a model is asked again when all of its calls are answered", async () => {
  const calls = ["a", "b"].map((id) => ({ name: "wait", args: {}, id, type: "tool_call" as const }));
  const model = fakeModel()
    .respond(new AIMessage({ content: "", tool_calls: calls }))
    .respond(new AIMessage("done"));
  const states: string[][] = [];
  const watching = createMiddleware({
    name: "watching",
    wrapModelCall: (request, handler) => {
      states.push(request.state.messages.map(({ type }) => type));
      return handler(request);
    },
  });
  const wait = tool(() => "waited", { name: "wait", description: "Waits", schema: z.object({}) });
  await createAgent({ model, tools: [wait], middleware: [watching] }).invoke(ask(1));
  expect(states, REPLIES).toEqual([["human"], ["human", "ai", "tool", "tool"]]);
});
