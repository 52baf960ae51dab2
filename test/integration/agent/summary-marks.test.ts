import { randomUUID } from "node:crypto";
import {
  AIMessage,
  AIMessageChunk,
  type BaseMessage,
  ChatMessage,
  FunctionMessage,
  HumanMessage,
  HumanMessageChunk,
  RemoveMessage,
  SystemMessage,
  ToolMessage,
} from "@langchain/core/messages";
import { type BaseCheckpointSaver, Command, MemorySaver, REMOVE_ALL_MESSAGES } from "@langchain/langgraph";
import {
  type AgentMiddleware,
  createAgent,
  createMiddleware,
  fakeModel,
  humanInTheLoopMiddleware,
  summarizationMiddleware,
  tool,
} from "langchain";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { chatHistoryMiddleware } from "../../../src/agent/index.ts";
import type { CassandraChatMessageHistory } from "../../../src/index.ts";
import { calling, openMiddleware, prompts, shown } from "../../support/agent.ts";
import { openClient, openHistory, ownKeyspace } from "../../support/session.ts";

const client = openClient();
const keyspace = ownKeyspace(client);

/** The mark of LangChain's summaries. A caller can send it as well. */
const marked = { additional_kwargs: { lc_source: "summarization" } };

const question = (content: string, id?: string): HumanMessage =>
  new HumanMessage({ content, ...marked, ...(id !== undefined && { id }) });

const answer = (content: string): AIMessage => new AIMessage({ content, ...marked });

/** A tool whose answers bear the mark. */
const markedWeather = tool(
  ({ city }, { toolCall }) =>
    new ToolMessage({ content: `sunny in ${city}`, tool_call_id: toolCall?.id ?? "", ...marked }),
  { name: "weather", description: "The weather in a city", schema: z.object({ city: z.string() }) },
);

function markedCalling(id: string): AIMessage {
  return new AIMessage({ content: "", tool_calls: calling(id).tool_calls ?? [], ...marked });
}

function summarizing(messages: number, keep: number): AgentMiddleware {
  const model = fakeModel();
  for (let at = 0; at < 100; at += 1) model.respond(new AIMessage("the gist"));
  return openMiddleware(summarizationMiddleware, { model, trigger: { messages }, keep: { messages: keep } });
}

interface Setting {
  readonly history: CassandraChatMessageHistory;
  readonly model: ReturnType<typeof fakeModel>;
  readonly save: "run" | "step";
  readonly checkpointer?: BaseCheckpointSaver | undefined;
  readonly others?: readonly AgentMiddleware[];
  /** Whether the log is the last middleware, not the first. */
  readonly last?: boolean;
}

function open({ history, model, save, checkpointer, others = [], last = false }: Setting) {
  const log = chatHistoryMiddleware({ history, save });
  return createAgent({
    model,
    tools: [markedWeather],
    ...(checkpointer && { checkpointer }),
    middleware: last ? [...others, log] : [log, ...others],
  });
}

const modes = (["run", "step"] as const).flatMap((save) => [true, false].map((keeps) => ({ save, keeps })));

describe.each(modes)("save: $save, with a checkpointer: $keeps", ({ save, keeps }) => {
  const saver = (): BaseCheckpointSaver | undefined => (keeps ? new MemorySaver() : undefined);

  test.each<[string, () => BaseMessage | object]>([
    ["HumanMessage", () => question("given")],
    ["HumanMessageChunk", () => new HumanMessageChunk({ content: "given", ...marked })],
    ["AIMessage", () => answer("given")],
    ["AIMessageChunk", () => new AIMessageChunk({ content: "given", ...marked })],
    ["SystemMessage", () => new SystemMessage({ content: "given", ...marked })],
    ["ChatMessage", () => new ChatMessage({ content: "given", role: "critic", ...marked })],
    ["ToolMessage", () => new ToolMessage({ content: "given", tool_call_id: "x", ...marked })],
    ["FunctionMessage", () => new FunctionMessage({ content: "given", name: "f", ...marked })],
    ["plain object", () => ({ role: "user", content: "given", ...marked })],
  ])("a %s that the caller marks as a summary is logged once, wherever it stands", async (_, give) => {
    const history = openHistory({ client, keyspace });
    const model = fakeModel();
    const checkpointer = saver();
    for (const turn of [1, 2]) {
      model.respond(answer(`answer ${turn}`));
      const input = [give(), { role: "user", content: "in between" }, give()] as BaseMessage[];
      await open({ history, model, save, checkpointer }).invoke(
        { messages: input },
        { configurable: { thread_id: "t" } },
      );
    }
    const texts = (await history.getMessages()).map(({ text }) => text);
    expect(texts).toEqual([1, 2].flatMap((turn) => ["given", "in between", "given", `answer ${turn}`]));
  });

  test.each([
    [1, "before"],
    [2, "before"],
    [4, "before"],
    [1, "behind"],
    [2, "behind"],
  ])(
    "marked messages are logged once in runs that summarize to %d messages, the log %s the summarization; no summary is",
    async (keep, place) => {
      const history = openHistory({ client, keyspace });
      const model = fakeModel();
      const others = [summarizing(keep + 1, keep)];
      const agent = open({ history, model, save, checkpointer: saver(), others, last: place === "behind" });
      const expected: string[] = [];
      for (const turn of [1, 2, 3]) {
        model
          .respond(markedCalling(`${turn}a`))
          .respond(markedCalling(`${turn}b`))
          .respond(answer(`answer ${turn}`));
        await agent.invoke({ messages: [question(`question ${turn}`)] }, { configurable: { thread_id: "t" } });
        expected.push(`human: question ${turn}`);
        for (const id of [`${turn}a`, `${turn}b`]) expected.push(`ai: calls ${id}`, `tool ${id}: sunny in ${id}`);
        expected.push(`ai: answer ${turn}`);
      }
      expect(JSON.stringify(prompts(model).at(-1))).toContain("the gist");
      expect(shown(await history.getMessages())).toEqual(expected);
    },
  );

  test.each([1, 2])(
    "a marked input is logged where all but %d of it are summarized before the first model call",
    async (keep) => {
      const history = openHistory({ client, keyspace });
      const model = fakeModel().respond(answer("answer"));
      const agent = open({ history, model, save, checkpointer: saver(), others: [summarizing(keep + 1, keep)] });
      const given = ["given 1", "given 2", "given 3"].slice(0, keep + 1);
      await agent.invoke({ messages: given.map((text) => question(text)) }, { configurable: { thread_id: "t" } });
      expect(shown(await history.getMessages())).toEqual([...given.map((text) => `human: ${text}`), "ai: answer"]);
    },
  );

  test("a marked message that a middleware adds, without a removal, is logged", async () => {
    const history = openHistory({ client, keyspace });
    const model = fakeModel().respond(answer("answer 1"));
    const adding = createMiddleware({ name: "adding", beforeModel: () => ({ messages: [question("added")] }) });
    const agent = open({ history, model, save, checkpointer: saver(), others: [adding] });
    await agent.invoke({ messages: [question("question 1")] }, { configurable: { thread_id: "t" } });
    expect(shown(await history.getMessages())).toEqual(["human: question 1", "human: added", "ai: answer 1"]);
  });

  test("a returned transcript that begins with a summary, sent again, is logged without the summary", async () => {
    const history = openHistory({ client, keyspace });
    const model = fakeModel().respond(calling("a")).respond(calling("b")).respond(answer("answer 1"));
    const agent = open({ history, model, save, checkpointer: saver(), others: [summarizing(3, 2)] });
    const { messages } = await agent.invoke(
      { messages: [question("question 1")] },
      { configurable: { thread_id: "one" } },
    );
    expect(shown(messages)[0]).toContain("the gist");
    model.respond(answer("answer 2"));
    const next = open({ history, model, save, checkpointer: saver() });
    await next.invoke({ messages: [...messages, question("question 2")] }, { configurable: { thread_id: "two" } });
    const rounds = ["a", "b"].flatMap((id) => [`ai: calls ${id}`, `tool ${id}: sunny in ${id}`]);
    expect(shown(await history.getMessages())).toEqual([
      "human: question 1",
      ...rounds,
      "ai: answer 1",
      "human: question 2",
      "ai: answer 2",
    ]);
  });
});

describe.each(["run", "step"] as const)("save: %s, a run that stops before its end, and summarizes", (save) => {
  const rounds = (ids: string[]): string[] => ids.flatMap((id) => [`ai: calls ${id}`, `tool ${id}: sunny in ${id}`]);

  test.each(["the same agent", "another process"])("is logged with the next question of %s", async (who) => {
    const history = openHistory({ client, keyspace });
    const model = fakeModel();
    for (const id of ["a", "b", "c"]) model.respond(markedCalling(id));
    model.respond(new Error("the model is broken")).respond(answer("done"));
    const setting = { history, model, save, checkpointer: new MemorySaver(), others: [summarizing(3, 2)] };
    const thread = { configurable: { thread_id: randomUUID() } };
    const first = open(setting);
    await expect(first.invoke({ messages: [question("question 1")] }, thread)).rejects.toThrow("the model is broken");
    const second = who === "the same agent" ? first : open(setting);
    await second.invoke({ messages: [question("question 2")] }, thread);
    expect(shown(await history.getMessages())).toEqual([
      "human: question 1",
      ...rounds(["a", "b", "c"]),
      "human: question 2",
      "ai: done",
    ]);
  });

  test.each(["the same agent", "another process"])("is logged when %s resumes it", async (who) => {
    const history = openHistory({ client, keyspace });
    const model = fakeModel();
    for (const id of ["a", "b", "c"]) model.respond(markedCalling(id));
    model.respond(answer("done"));
    const approving = openMiddleware(humanInTheLoopMiddleware, { interruptOn: { weather: true } });
    const setting = { history, model, save, checkpointer: new MemorySaver(), others: [summarizing(3, 2), approving] };
    const thread = { configurable: { thread_id: randomUUID() } };
    const first = open(setting);
    await first.invoke({ messages: [question("question 1")] }, thread);
    for (let at = 0; at < 3; at += 1) {
      const next = who === "the same agent" ? first : open(setting);
      await next.invoke(new Command({ resume: { decisions: [{ type: "approve" }] } }), thread);
    }
    expect(shown(await history.getMessages())).toEqual(["human: question 1", ...rounds(["a", "b", "c"]), "ai: done"]);
  });

  // The checkpointer keeps the last state only, so that the replaced messages are lost to another process.
  test("with durability: exit, another process does not log the summary", async () => {
    const history = openHistory({ client, keyspace });
    const model = fakeModel();
    for (const id of ["a", "b"]) model.respond(markedCalling(id));
    model.respond(new Error("the model is broken")).respond(answer("done"));
    const setting = { history, model, save, checkpointer: new MemorySaver(), others: [summarizing(3, 2)] };
    const thread = { configurable: { thread_id: randomUUID() }, durability: "exit" as const };
    await open({ ...setting })
      .invoke({ messages: [question("question 0")] }, thread)
      .catch(() => {});
    await open(setting).invoke({ messages: [question("question 2")] }, thread);
    const logged = shown(await history.getMessages());
    expect(logged.filter((line) => line.includes("the gist"))).toEqual([]);
    expect(logged.slice(-2)).toEqual(["human: question 2", "ai: done"]);
  });
});

test("a thread that is older than its log is logged without the summaries of its earlier runs", async () => {
  const history = openHistory({ client, keyspace });
  const checkpointer = new MemorySaver();
  const model = fakeModel().respond(calling("a")).respond(calling("b")).respond(answer("answer 1"));
  const thread = { configurable: { thread_id: randomUUID() } };
  const unlogged = createAgent({ model, tools: [markedWeather], checkpointer, middleware: [summarizing(3, 2)] });
  const { messages } = await unlogged.invoke({ messages: [question("question 1")] }, thread);
  expect(shown(messages)[0]).toContain("the gist");
  model.respond(answer("answer 2"));
  await open({ history, model, save: "run", checkpointer }).invoke({ messages: [question("question 2")] }, thread);
  expect(shown(await history.getMessages())).toEqual([
    "human: question 1",
    ...["a", "b"].flatMap((id) => [`ai: calls ${id}`, `tool ${id}: sunny in ${id}`]),
    "ai: answer 1",
    "human: question 2",
    "ai: answer 2",
  ]);
});

test("a marked question after the thread was cleared is logged", async () => {
  const history = openHistory({ client, keyspace });
  const model = fakeModel().respond(answer("answer 1")).respond(answer("answer 2"));
  const agent = open({ history, model, save: "run", checkpointer: new MemorySaver() });
  const thread = { configurable: { thread_id: randomUUID() } };
  await agent.invoke({ messages: [question("question 1")] }, thread);
  await agent.graph.updateState(thread, { messages: [new RemoveMessage({ id: REMOVE_ALL_MESSAGES })] });
  await agent.invoke({ messages: [question("question 2")] }, thread);
  expect(shown(await history.getMessages())).toEqual([
    "human: question 1",
    "ai: answer 1",
    "human: question 2",
    "ai: answer 2",
  ]);
});

test("a message whose metadata is null is logged", async () => {
  const history = openHistory({ client, keyspace });
  const model = fakeModel().respond(answer("answer 1"));
  const odd = Object.assign(new HumanMessage("question 1"), { additional_kwargs: null });
  await open({ history, model, save: "run" }).invoke({ messages: [odd] });
  expect(shown(await history.getMessages())).toEqual(["human: question 1", "ai: answer 1"]);
});
