import { randomUUID } from "node:crypto";
import { type BaseCheckpointSaver, Command, MemorySaver } from "@langchain/langgraph";
import {
  type AgentMiddleware,
  AIMessage,
  createAgent,
  createMiddleware,
  fakeModel,
  humanInTheLoopMiddleware,
} from "langchain";
import { describe, expect, test } from "vitest";
import { chatHistoryMiddleware } from "../../../src/agent/index.ts";
import { ask, calling, openMiddleware, prompts, shown, weather } from "../../support/agent.ts";
import { startClockAnew } from "../../support/clock.ts";
import { openClient, openHistory, ownKeyspace } from "../../support/session.ts";

const client = openClient();
const keyspace = ownKeyspace(client);

type Model = ReturnType<typeof fakeModel>;

/** An agent as another process would make it: it shares no memory with other agents. */
function openAgent(
  model: Model,
  checkpointer: BaseCheckpointSaver,
  sessionId: string,
  save: "run" | "step",
  load?: boolean,
  others: AgentMiddleware[] = [],
) {
  const history = openHistory({ client, keyspace, sessionId });
  return createAgent({
    model,
    tools: [weather],
    checkpointer,
    middleware: [
      chatHistoryMiddleware({ history, save, load }),
      openMiddleware(humanInTheLoopMiddleware, { interruptOn: { weather: true } }),
      ...others,
    ],
  });
}

describe.each(["run", "step"] as const)("save: %s", (save) => {
  test.each(["the same agent", "another process"])(
    "a run that is interrupted and resumed by %s is logged once",
    async (who) => {
      const checkpointer = new MemorySaver();
      const sessionId = randomUUID();
      const thread = { configurable: { thread_id: sessionId } };
      const model = fakeModel().respond(calling("a", "b")).respond(calling("c")).respond(new AIMessage("done"));
      const history = openHistory({ client, keyspace, sessionId });
      const agent = openAgent(model, checkpointer, sessionId, save);
      const next = () => {
        if (who === "the same agent") return agent;
        startClockAnew(0);
        return openAgent(model, checkpointer, sessionId, save);
      };

      await agent.invoke(ask(1), thread);
      expect(shown(await history.getMessages())).toEqual(save === "run" ? [] : ["human: question 1"]);
      const approve = (count: number) =>
        new Command({ resume: { decisions: Array.from({ length: count }, () => ({ type: "approve" })) } });
      await next().invoke(approve(2), thread);
      await next().invoke(approve(1), thread);
      expect(shown(await history.getMessages())).toEqual([
        "human: question 1",
        "ai: calls a,b",
        "tool a: sunny in a",
        "tool b: sunny in b",
        "ai: calls c",
        "tool c: sunny in c",
        "ai: done",
      ]);

      model.respond(new AIMessage("done 2"));
      await next().invoke(ask(2), thread);
      expect(shown(await history.getMessages()).slice(7)).toEqual(["human: question 2", "ai: done 2"]);
    },
  );

  test("an edited call is logged as it was edited, a rejected one with its answer", async () => {
    const checkpointer = new MemorySaver();
    const sessionId = randomUUID();
    const thread = { configurable: { thread_id: sessionId } };
    const model = fakeModel().respond(calling("a")).respond(calling("b")).respond(new AIMessage("done"));
    const history = openHistory({ client, keyspace, sessionId });
    const agent = openAgent(model, checkpointer, sessionId, save);
    await agent.invoke(ask(1), thread);
    const editedAction = { name: "weather", args: { city: "elsewhere" } };
    await agent.invoke(new Command({ resume: { decisions: [{ type: "edit", editedAction }] } }), thread);
    await agent.invoke(new Command({ resume: { decisions: [{ type: "reject", message: "no" }] } }), thread);
    const messages = await history.getMessages();
    expect(shown(messages)).toEqual([
      "human: question 1",
      "ai: calls a",
      "tool a: sunny in elsewhere",
      "ai: calls b",
      "tool b: no",
      "ai: done",
    ]);
    expect(messages[1]).toMatchObject({ tool_calls: [{ args: { city: "elsewhere" } }] });
  });

  test("an interrupted run that is never resumed is logged with the next one", async () => {
    const checkpointer = new MemorySaver();
    const sessionId = randomUUID();
    const thread = { configurable: { thread_id: sessionId } };
    const counts: number[] = [];
    const model = fakeModel().respond(calling("a")).respond(new AIMessage("done"));
    const history = openHistory({ client, keyspace, sessionId });
    const counting = createMiddleware({
      name: "counting",
      wrapModelCall: async (request, handler) => {
        counts.push(await history.count());
        return handler(request);
      },
    });
    const open = () => openAgent(model, checkpointer, sessionId, save, undefined, [counting]);
    await open().invoke(ask(1), thread);
    await open().invoke(ask(2), thread);
    expect(shown(await history.getMessages())).toEqual([
      "human: question 1",
      "ai: calls a",
      "human: question 2",
      "ai: done",
    ]);
    expect(counts).toEqual(save === "run" ? [0, 0] : [1, 3]);
    // Providers refuse a call without its answer.
    expect(prompts(model).at(-1)).toEqual(["human: question 1", "human: question 2"]);
  });

  test("load: true: a run that another process resumes has the same window", async () => {
    const checkpointer = new MemorySaver();
    const sessionId = randomUUID();
    const thread = { configurable: { thread_id: sessionId } };
    const history = openHistory({ client, keyspace, sessionId });
    await history.addUserMessage("long ago");
    const model = fakeModel().respond(calling("a")).respond(new AIMessage("done"));
    await openAgent(model, checkpointer, sessionId, save, true).invoke(ask(1), thread);
    const resume = new Command({ resume: { decisions: [{ type: "approve" }] } });
    await openAgent(model, checkpointer, sessionId, save, true).invoke(resume, thread);
    expect(prompts(model)).toEqual([
      ["human: long ago", "human: question 1"],
      ["human: long ago", "human: question 1", "ai: calls a", "tool a: sunny in a"],
    ]);
    expect(await history.count()).toBe(5);
  });

  test.each([
    ["an hour ahead", 3_600_000],
    ["an hour behind", -3_600_000],
  ])("what another process adds to a resumed run comes after a message whose clock was %s", async (_, offset) => {
    const checkpointer = new MemorySaver();
    const sessionId = randomUUID();
    const thread = { configurable: { thread_id: sessionId } };
    const model = fakeModel().respond(calling("a")).respond(calling("b")).respond(new AIMessage("done"));
    const approve = new Command({ resume: { decisions: [{ type: "approve" }] } });
    startClockAnew(offset);
    await openHistory({ client, keyspace, sessionId }).addUserMessage("before");
    // LangGraph orders checkpoints by its clock, so that only the clock of the first writer is changed.
    for (const input of [ask(1), approve, approve]) {
      startClockAnew(0);
      await openAgent(model, checkpointer, sessionId, save).invoke(input, thread);
    }
    expect(shown(await openHistory({ client, keyspace, sessionId }).getMessages())).toEqual([
      "human: before",
      "human: question 1",
      "ai: calls a",
      "tool a: sunny in a",
      "ai: calls b",
      "tool b: sunny in b",
      "ai: done",
    ]);
  });
});
