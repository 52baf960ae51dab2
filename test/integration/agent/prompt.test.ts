import { InMemoryChatMessageHistory } from "@langchain/core/chat_history";
import { type BaseMessage, HumanMessage, RemoveMessage, SystemMessage, ToolMessage } from "@langchain/core/messages";
import { AIMessage, createAgent, fakeModel } from "langchain";
import { expect, test } from "vitest";
import { chatHistoryMiddleware } from "../../../src/agent/index.ts";
import { ask, calling, lines, prompts, shown, weather } from "../../support/agent.ts";
import { openClient, openHistory, ownKeyspace } from "../../support/session.ts";

const client = openClient();
const keyspace = ownKeyspace(client);

const answer = (id: string): ToolMessage => new ToolMessage({ content: `sunny in ${id}`, tool_call_id: id });

/** Returns the prompt in front of the question, where these messages are stored. */
async function promptOf(stored: BaseMessage[], maxMessages?: number): Promise<string[] | undefined> {
  const history = openHistory({ client, keyspace });
  await history.addMessages(stored);
  const model = fakeModel().respond(new AIMessage("done"));
  const agent = createAgent({ model, tools: [weather], middleware: [chatHistoryMiddleware({ history, maxMessages })] });
  await agent.invoke(ask(9));
  expect(shown(await history.getMessages()).slice(0, stored.length)).toEqual(shown(stored));
  return prompts(model)[0]?.slice(0, -1);
}

const turn = [
  new HumanMessage("question 1"),
  calling("1a", "1b"),
  answer("1a"),
  answer("1b"),
  new AIMessage("answer 1"),
];

test.each([
  [1, ["ai: answer 1"]],
  [2, ["ai: answer 1"]],
  [3, ["ai: answer 1"]],
  [4, lines(1).slice(1)],
  [5, lines(1)],
  [100, lines(1)],
])("a window of %d does not begin inside a round of tools", async (maxMessages, expected) => {
  expect(await promptOf(turn, maxMessages)).toEqual(expected);
});

test("a window of tool messages only reaches back to their call", async () => {
  expect(await promptOf(turn.slice(0, 4), 1)).toEqual(lines(1).slice(1, 4));
});

test("the history's own window is the default", async () => {
  const history = openHistory({ client, keyspace, maxMessages: 2 });
  await history.addMessages([new HumanMessage("1"), new HumanMessage("2"), new HumanMessage("3")]);
  const model = fakeModel().respond(new AIMessage("done"));
  await createAgent({ model, tools: [], middleware: [chatHistoryMiddleware({ history })] }).invoke(ask(1));
  expect(prompts(model)[0]).toEqual(["human: 2", "human: 3", "human: question 1"]);
});

test.each([
  ["a call without an answer", [new HumanMessage("q"), calling("a")], ["human: q"]],
  [
    "a call of two without its answer",
    [new HumanMessage("q"), calling("a", "b"), answer("a"), new AIMessage("x")],
    ["human: q", "ai: x"],
  ],
  ["an answer without its call", [new HumanMessage("q"), answer("a"), new AIMessage("x")], ["human: q", "ai: x"]],
  ["an answer that does not follow its call", [calling("a"), new HumanMessage("q"), answer("a")], ["human: q"]],
  ["an answer to another call", [calling("a"), answer("a"), answer("b"), new AIMessage("x")], ["ai: x"]],
])("%s stays in the log, and is left out of the prompt", async (_, stored, expected) => {
  expect(await promptOf(stored)).toEqual(expected);
});

test.each([[[null]], [[undefined]], ["text"], [7], [{}], [[{}]], [["a"]]])(
  "a message whose tool_calls are %j is logged, and is left out of the prompt",
  async (calls) => {
    const odd = (): AIMessage => Object.assign(new AIMessage("odd"), { tool_calls: calls });
    const history = new InMemoryChatMessageHistory([new HumanMessage("q"), odd(), answer("a"), new AIMessage("x")]);
    const model = fakeModel().respond(new AIMessage("done")).respond(new AIMessage("done"));
    const middleware = [chatHistoryMiddleware({ history, maxMessages: 3 })];
    const agent = createAgent({ model, tools: [weather], middleware });
    await agent.invoke({ messages: [odd(), new HumanMessage("question 1")] });
    expect(model.calls[0]?.messages.map(({ content }) => content)).toEqual(["x", "question 1"]);
    expect((await history.getMessages()).map(({ content }) => content).slice(4)).toEqual(["odd", "question 1", "done"]);
    await agent.invoke(ask(2));
    expect(model.calls[1]?.messages.map(({ content }) => content)).toEqual(["question 1", "done", "question 2"]);
  },
);

test("a remove row stays in the log, and is left out of the prompt", async () => {
  const history = new InMemoryChatMessageHistory([
    new HumanMessage("q"),
    new RemoveMessage({ id: "x" }),
    new AIMessage("a"),
  ]);
  const model = fakeModel().respond(new AIMessage("done"));
  await createAgent({ model, tools: [], middleware: [chatHistoryMiddleware({ history })] }).invoke(ask(1));
  expect(prompts(model)[0]).toEqual(["human: q", "ai: a", "human: question 1"]);
  expect(await history.getMessages()).toHaveLength(5);
});

test.each([
  ["ai: calls", [calling("1a"), answer("1a"), new HumanMessage("q"), new AIMessage("x")], ["human: q", "ai: x"]],
  ["ai", [new AIMessage("x"), new HumanMessage("q"), new AIMessage("y")], ["human: q", "ai: y"]],
  ["ai, and has no question", [new AIMessage("x"), new AIMessage("y")], ["ai: x", "ai: y"]],
])("a window that begins with %s begins with its first question in the prompt", async (_, stored, expected) => {
  expect(await promptOf(stored)).toEqual(expected);
});

test("system messages of earlier turns are logged, and left out of the prompt", async () => {
  const history = openHistory({ client, keyspace });
  const model = fakeModel();
  const agent = createAgent({ model, tools: [], middleware: [chatHistoryMiddleware({ history })] });
  for (const turn of [1, 2, 3]) {
    model.respond(new AIMessage(`answer ${turn}`));
    await agent.invoke({ messages: [new SystemMessage(`rule ${turn}`), ...ask(turn).messages] });
  }
  const said = (turn: number): string[] => [`human: question ${turn}`, `ai: answer ${turn}`];
  expect(prompts(model).at(-1)).toEqual(["system: rule 3", ...said(1), ...said(2), "human: question 3"]);
  expect(shown(await history.getMessages())).toEqual(
    [1, 2, 3].flatMap((turn) => [`system: rule ${turn}`, ...said(turn)]),
  );
});

test("system messages come first where the input has no question", async () => {
  const history = openHistory({ client, keyspace });
  await history.addMessages([new HumanMessage("old"), new AIMessage("answer")]);
  const model = fakeModel().respond(new AIMessage("done"));
  const agent = createAgent({ model, tools: [], middleware: [chatHistoryMiddleware({ history })] });
  await agent.invoke({ messages: [new SystemMessage("speak French"), new AIMessage("Bonjour")] });
  expect(prompts(model)[0]).toEqual(["system: speak French", "human: old", "ai: answer", "ai: Bonjour"]);
});

test("system messages come first, and the agent's own prompt is not logged", async () => {
  const history = openHistory({ client, keyspace });
  await history.addMessages([new HumanMessage("old")]);
  const model = fakeModel().respond(new AIMessage("done"));
  const agent = createAgent({
    model,
    tools: [],
    systemPrompt: "be brief",
    middleware: [chatHistoryMiddleware({ history })],
  });
  await agent.invoke({ messages: [new SystemMessage("speak French"), new HumanMessage("q")] });
  expect(prompts(model)[0]).toEqual(["system: be brief", "system: speak French", "human: old", "human: q"]);
  expect(shown(await history.getMessages())).toEqual(["human: old", "system: speak French", "human: q", "ai: done"]);
});
