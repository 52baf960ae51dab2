import { randomUUID } from "node:crypto";
import { InMemoryChatMessageHistory } from "@langchain/core/chat_history";
import { type BaseMessage, HumanMessage } from "@langchain/core/messages";
import { MemorySaver, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { type AgentMiddleware, AIMessage, createAgent, fakeModel, tool } from "langchain";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { chatHistoryMiddleware } from "../../../src/agent/index.ts";
import type { CassandraChatMessageHistory } from "../../../src/index.ts";
import { ask, lines, prompts, respondWithTurn, shown, weather } from "../../support/agent.ts";
import { openClient, openHistory, ownKeyspace } from "../../support/session.ts";

const client = openClient();
const keyspace = ownKeyspace(client);

const open = (sessionId: string): CassandraChatMessageHistory => openHistory({ client, keyspace, sessionId });

describe("a history for each run", () => {
  const contextSchema = z.object({ user: z.string() });

  test.each([
    ["at once", (user: string) => open(user)],
    [
      "later",
      (user: string) => new Promise<CassandraChatMessageHistory>((resolve) => setImmediate(resolve, open(user))),
    ],
  ])("opened %s by the context, which a schema declares", async (_, openFor) => {
    const users = [randomUUID(), randomUUID()];
    const model = fakeModel();
    const agent = createAgent({
      model,
      tools: [weather],
      contextSchema,
      middleware: [chatHistoryMiddleware({ contextSchema, history: ({ context }) => openFor(context.user) })],
    });
    for (const turn of [1, 2]) {
      for (const user of users) {
        respondWithTurn(model, turn);
        await agent.invoke(ask(turn), { context: { user } });
      }
    }
    for (const user of users) expect(shown(await open(user).getMessages())).toEqual([...lines(1), ...lines(2)]);
  });

  test("a context that the schema refuses rejects invoke", async () => {
    const agent = createAgent({
      model: fakeModel(),
      tools: [],
      middleware: [chatHistoryMiddleware({ contextSchema, history: ({ context }) => open(context.user) })],
    });
    await expect(Reflect.apply(agent.invoke, agent, [ask(1), { context: { user: 1 } }])).rejects.toThrow(/user|string/);
  });

  test("opened by the thread's id", async () => {
    const thread = randomUUID();
    const model = fakeModel();
    respondWithTurn(model, 1);
    const agent = createAgent({
      model,
      tools: [weather],
      middleware: [chatHistoryMiddleware({ history: ({ configurable }) => open(configurable?.thread_id ?? "") })],
    });
    await agent.invoke(ask(1), { configurable: { thread_id: thread } });
    expect(shown(await open(thread).getMessages())).toEqual(lines(1));
    await expect(agent.invoke(ask(2))).rejects.toMatchObject({
      code: "INVALID_OPTION",
      message: expect.stringContaining(`"sessionId"`),
    });
  });

  test.each([
    ["nothing", undefined, "nothing"],
    ["a client", client, "an object"],
    ["a promise of text", Promise.resolve("x"), "a string of 1 characters"],
  ])("a function that gives %s rejects invoke, and says what was expected", async (_, given, came) => {
    const middleware: AgentMiddleware = Reflect.apply(chatHistoryMiddleware, undefined, [{ history: () => given }]);
    const agent = createAgent({ model: fakeModel(), tools: [], middleware: [middleware] });
    await expect(agent.invoke(ask(1))).rejects.toMatchObject({
      code: "INVALID_OPTION",
      message: `Invalid option "history": expected a function that gives a BaseListChatMessageHistory, or a promise of one, got ${came}.`,
    });
  });

  test("a function that gives what throws when it is read rejects invoke, and shows nothing of it", async () => {
    const history = (): object => ({
      get getMessages(): never {
        throw new Error("secret text");
      },
    });
    const middleware: AgentMiddleware = Reflect.apply(chatHistoryMiddleware, undefined, [{ history }]);
    const agent = createAgent({ model: fakeModel(), tools: [], middleware: [middleware] });
    await expect(agent.invoke(ask(1))).rejects.toMatchObject({
      code: "INVALID_OPTION",
      message: 'Invalid option "history": expected values that can be read, got one that throws when it is read.',
    });
  });

  test("invoke rejects with the error that the function throws", async () => {
    const refused = new Error("no such user");
    const history = (): never => {
      throw refused;
    };
    const agent = createAgent({ model: fakeModel(), tools: [], middleware: [chatHistoryMiddleware({ history })] });
    await expect(agent.invoke(ask(1))).rejects.toBe(refused);
  });
});

test("an agent can have two histories, under two names", async () => {
  const [one, other] = [open(randomUUID()), open(randomUUID())];
  await other.addUserMessage("before");
  const model = fakeModel();
  const agent = createAgent({
    model,
    tools: [weather],
    middleware: [
      chatHistoryMiddleware({ history: one }),
      chatHistoryMiddleware({ history: other, name: "Audit", load: false, save: "step" }),
    ],
  });
  for (const turn of [1, 2]) {
    respondWithTurn(model, turn);
    await agent.invoke(ask(turn));
  }
  expect(shown(await one.getMessages())).toEqual([...lines(1), ...lines(2)]);
  expect(shown(await other.getMessages())).toEqual(["human: before", ...lines(1), ...lines(2)]);
  expect(prompts(model).at(-1)).toEqual([...lines(1), ...lines(2).slice(0, -1)]);
});

describe("an agent that is a node of a graph", () => {
  test.each([true, false])("is given the graph's messages, and logs each once (checkpointer: %s)", async (keeps) => {
    const history = open(randomUUID());
    const model = fakeModel();
    const agent = createAgent({ model, tools: [weather], middleware: [chatHistoryMiddleware({ history })] });
    const graph = new StateGraph(MessagesAnnotation)
      .addNode("agent", agent.graph)
      .addEdge(START, "agent")
      .compile(keeps ? { checkpointer: new MemorySaver() } : {});
    let messages: BaseMessage[] = [];
    for (const turn of [1, 2, 3]) {
      respondWithTurn(model, turn);
      const input = keeps ? ask(turn) : { messages: [...messages, ...ask(turn).messages] };
      messages = (await graph.invoke(input, { configurable: { thread_id: "thread" } })).messages;
    }
    expect(shown(await history.getMessages())).toEqual([1, 2, 3].flatMap(lines));
    expect(prompts(model).at(-1)).toEqual([1, 2, 3].flatMap(lines).slice(0, -1));
  });
});

describe("an agent that a tool of another agent calls, both with the thread's session", () => {
  test.each([
    ["run", ["human: look it up", "ai: found", "human: question 1", "ai: calls x", "tool x: found", "ai: done"]],
    ["step", ["human: question 1", "human: look it up", "ai: found", "ai: calls x", "tool x: found", "ai: done"]],
  ] as const)("save: %s: logs into the same session, in the order of the writes", async (save, expected) => {
    const history = open(randomUUID());
    const memory = () => chatHistoryMiddleware({ history, save });
    const inner = createAgent({
      model: fakeModel().respond(new AIMessage("found")),
      tools: [],
      middleware: [memory()],
    });
    const research = tool(
      async (_, config) => {
        const { messages } = await inner.invoke({ messages: [new HumanMessage("look it up")] }, config);
        return messages.at(-1)?.text ?? "";
      },
      { name: "research", description: "Looks it up", schema: z.object({}) },
    );
    const model = fakeModel()
      .respondWithTools([{ name: "research", args: {}, id: "x" }])
      .respond(new AIMessage("done"));
    await createAgent({ model, tools: [research], middleware: [memory()] }).invoke(ask(1));
    expect(shown(await history.getMessages())).toEqual(expected);
  });
});

describe("options", () => {
  const history = new InMemoryChatMessageHistory();

  test.each([
    [undefined, "options", "an object", "nothing"],
    [{}, "history", "a BaseListChatMessageHistory, or a function that gives one", "nothing"],
    [
      { history: "x" },
      "history",
      "a BaseListChatMessageHistory, or a function that gives one",
      "a string of 1 characters",
    ],
    [
      { history, maxMessages: 0 },
      "maxMessages",
      "a whole number from 1 on, or nothing for all messages",
      "0 (a number)",
    ],
    [{ history, load: "yes" }, "load", "true or false", "a string of 3 characters"],
    [{ history, save: "always" }, "save", '"run" or "step"', "a string of 6 characters"],
    [{ history, contextSchema: {} }, "contextSchema", "an object schema of zod", "an object"],
    [{ history, name: "" }, "name", "the name of a middleware, a string that is not empty", "an empty string"],
    [
      { history, window: 5 },
      "window",
      "one of the options history, maxMessages, load, save, contextSchema, name",
      "an unknown one (is it misspelled?)",
    ],
  ])("%#: a wrong value throws INVALID_OPTION", (options, option, expected, came) => {
    const create = (): unknown => Reflect.apply(chatHistoryMiddleware, undefined, [options]);
    expect(create).toThrow(`Invalid option "${option}": expected ${expected}, got ${came}.`);
  });

  test("can be undefined", async () => {
    const undefineds = {
      maxMessages: undefined,
      load: undefined,
      save: undefined,
      contextSchema: undefined,
      name: undefined,
    };
    const model = fakeModel().respond(new AIMessage("done"));
    const agent = createAgent({ model, tools: [], middleware: [chatHistoryMiddleware({ history, ...undefineds })] });
    const { messages } = await agent.invoke({ messages: [new HumanMessage("q")] });
    expect(shown(await history.getMessages())).toEqual(shown(messages));
  });
});
