import { randomUUID } from "node:crypto";
import { type BaseMessage, RemoveMessage, ToolMessage } from "@langchain/core/messages";
import { type BaseCheckpointSaver, MemorySaver, REMOVE_ALL_MESSAGES } from "@langchain/langgraph";
import { AIMessage, createAgent, createMiddleware, fakeModel, humanInTheLoopMiddleware } from "langchain";
import { describe, expect, test } from "vitest";
import { chatHistoryMiddleware } from "../../../src/agent/index.ts";
import { ask, calling, lines, openMiddleware, respondWithTurn, shown, weather } from "../../support/agent.ts";
import { openClient, openHistory, ownKeyspace } from "../../support/session.ts";

const client = openClient();
const keyspace = ownKeyspace(client);

test.each([true, false])(
  "a run that another middleware ends in beforeAgent is logged (the log first: %s)",
  async (first) => {
    const history = openHistory({ client, keyspace });
    const guard = createMiddleware({
      name: "guard",
      beforeAgent: {
        canJumpTo: ["end"],
        hook: () => ({ messages: [new AIMessage("I may not say.")], jumpTo: "end" as const }),
      },
    });
    const logging = chatHistoryMiddleware({ history });
    const agent = createAgent({
      model: fakeModel(),
      tools: [],
      checkpointer: new MemorySaver(),
      middleware: first ? [logging, guard] : [guard, logging],
    });
    for (const turn of [1, 2]) await agent.invoke(ask(turn), { configurable: { thread_id: "thread" } });
    expect(shown(await history.getMessages())).toEqual(
      [1, 2].flatMap((turn) => [`human: question ${turn}`, "ai: I may not say."]),
    );
  },
);

test("what another middleware adds after the run is logged with it", async () => {
  const history = openHistory({ client, keyspace });
  const model = fakeModel().respond(new AIMessage("answer 1"));
  const signing = createMiddleware({ name: "signing", afterAgent: () => ({ messages: [new AIMessage("Yours, A.")] }) });
  const agent = createAgent({ model, tools: [], middleware: [chatHistoryMiddleware({ history }), signing] });
  await agent.invoke(ask(1));
  expect(shown(await history.getMessages())).toEqual(["human: question 1", "ai: answer 1", "ai: Yours, A."]);
});

describe("a run that another middleware ends in beforeModel: LangChain.js skips afterAgent", () => {
  function open(save: "run" | "step", checkpointer?: BaseCheckpointSaver) {
    const history = openHistory({ client, keyspace });
    const model = fakeModel();
    const limit = createMiddleware({
      name: "limit",
      beforeModel: {
        canJumpTo: ["end"],
        hook: ({ messages }) =>
          messages.at(-1)?.type === "tool"
            ? { messages: [new AIMessage("That was enough.")], jumpTo: "end" as const }
            : undefined,
      },
    });
    const agent = createAgent({
      model,
      tools: [weather],
      ...(checkpointer && { checkpointer }),
      middleware: [chatHistoryMiddleware({ history, save }), limit],
    });
    return { history, model, agent };
  }

  test.each(["run", "step"] as const)(
    "save: %s, with a checkpointer: it is logged with the thread's next run",
    async (save) => {
      const { history, model, agent } = open(save, new MemorySaver());
      const thread = { configurable: { thread_id: "thread" } };
      respondWithTurn(model, 1);
      const { messages } = await agent.invoke(ask(1), thread);
      const ended = [...lines(1).slice(0, 4), "ai: That was enough."];
      expect(shown(messages)).toEqual(ended);
      expect(shown(await history.getMessages())).toEqual(save === "run" ? [] : lines(1).slice(0, 1));
      await agent.invoke(ask(2), thread);
      expect(shown(await history.getMessages())).toEqual([...ended, "human: question 2", "ai: answer 1"]);
    },
  );

  test.each([
    ["run", []],
    ["step", lines(1).slice(0, 1)],
  ] as const)("save: %s, without a checkpointer: %j of it is logged", async (save, logged) => {
    const { history, model, agent } = open(save);
    respondWithTurn(model, 1);
    await agent.invoke(ask(1));
    await agent.invoke(ask(2));
    expect(shown(await history.getMessages())).toEqual([...logged, "human: question 2", "ai: answer 1"]);
  });
});

test.each([
  ["run", ["human: question 1", "ai: calls a", "tool a: was given up", "human: question 2", "ai: done"]],
  ["step", ["human: question 1", "ai: calls a", "human: question 2", "tool a: was given up", "ai: done"]],
] as const)(
  "save: %s: an answer that another middleware inserts behind an old call is logged as %j",
  async (save, logged) => {
    const history = openHistory({ client, keyspace });
    const model = fakeModel().respond(calling("a")).respond(new AIMessage("done"));
    const patching = createMiddleware({
      name: "patching",
      beforeAgent: ({ messages }: { messages: BaseMessage[] }) => {
        const at = messages.findIndex(({ type }) => type === "ai") + 1;
        if (at === 0) return;
        const given = new ToolMessage({ content: "was given up", tool_call_id: "a" });
        const patched = [...messages.slice(0, at), given, ...messages.slice(at)];
        return { messages: [new RemoveMessage({ id: REMOVE_ALL_MESSAGES }), ...patched] };
      },
    });
    const agent = createAgent({
      model,
      tools: [weather],
      checkpointer: new MemorySaver(),
      middleware: [
        chatHistoryMiddleware({ history, save }),
        patching,
        openMiddleware(humanInTheLoopMiddleware, { interruptOn: { weather: true } }),
      ],
    });
    const thread = { configurable: { thread_id: randomUUID() } };
    await agent.invoke(ask(1), thread);
    await agent.invoke(ask(2), thread);
    expect(shown(await history.getMessages())).toEqual(logged);
  },
);

const PLACES = ["beforeAgent", "beforeModel"] as const;

describe.each(["run", "step"] as const)("save: %s: a message that another middleware removes", (save) => {
  async function logOf(place: "beforeAgent" | "beforeModel" | "afterModel", first: boolean): Promise<string[]> {
    const history = openHistory({ client, keyspace });
    const removing = createMiddleware({
      name: "removing",
      [place]: ({ messages }: { messages: BaseMessage[] }) => ({
        messages: messages.slice(-1).map(({ id = "" }) => new RemoveMessage({ id })),
      }),
    });
    const logging = chatHistoryMiddleware({ history, save });
    const agent = createAgent({
      model: fakeModel().respond(new AIMessage("answer 1")),
      tools: [],
      middleware: first ? [logging, removing] : [removing, logging],
    });
    await agent.invoke(ask(1));
    return shown(await history.getMessages());
  }

  test.each(PLACES)("in %s stays in the log", async (place) => {
    expect(await logOf(place, true)).toEqual(["human: question 1", "ai: answer 1"]);
  });

  test("before the log saw it is not logged", async () => {
    expect(await logOf("beforeAgent", false)).toEqual(["ai: answer 1"]);
    expect(await logOf("afterModel", true)).toEqual(["human: question 1"]);
  });
});
