import { type BaseMessage, HumanMessage, SystemMessage } from "@langchain/core/messages";
import { AIMessage, createAgent, fakeModel } from "langchain";
import { expect, test } from "vitest";
import { chatHistoryMiddleware } from "../../../src/agent/index.ts";
import { ask, lines, prompts, respondWithTurn, shown, weather } from "../../support/agent.ts";
import { openClient, openHistory, ownKeyspace } from "../../support/session.ts";

const client = openClient();
const keyspace = ownKeyspace(client);

test("a transcript sent again with its ids is logged once, and is in the prompt as the caller has it", async () => {
  const history = openHistory({ client, keyspace });
  const model = fakeModel();
  const agent = createAgent({ model, tools: [weather], middleware: [chatHistoryMiddleware({ history })] });
  let transcript: BaseMessage[] = [];
  for (const turn of [1, 2, 3]) {
    respondWithTurn(model, turn);
    transcript = (await agent.invoke({ messages: [...transcript, ...ask(turn).messages] })).messages;
  }
  const all = [1, 2, 3].flatMap(lines);
  expect(shown(transcript)).toEqual(all);
  expect(prompts(model).at(-1)).toEqual(all.slice(0, -1));
  expect(shown(await history.getMessages())).toEqual(all);
});

test("a transcript sent again without its tool messages is logged once", async () => {
  const history = openHistory({ client, keyspace });
  const model = fakeModel();
  const agent = createAgent({ model, tools: [weather], middleware: [chatHistoryMiddleware({ history })] });
  respondWithTurn(model, 1);
  const { messages } = await agent.invoke(ask(1));
  const [question, last] = [messages[0], messages.at(-1)];
  respondWithTurn(model, 2);
  await agent.invoke({ messages: [question, last, ...ask(2).messages].filter((one) => one !== undefined) });
  expect(prompts(model)[2]).toEqual(["human: question 1", "ai: answer 1", "human: question 2"]);
  expect(shown(await history.getMessages())).toEqual([...lines(1), ...lines(2)]);
});

test("a long transcript sent again is logged once", async () => {
  const history = openHistory({ client, keyspace });
  const old = Array.from({ length: 350 }, (_, at) => new HumanMessage({ content: `old ${at}`, id: `id ${at}` }));
  await history.addMessages(old);
  const model = fakeModel().respond(new AIMessage("done"));
  const agent = createAgent({ model, tools: [], middleware: [chatHistoryMiddleware({ history, maxMessages: 10 })] });
  await agent.invoke({ messages: [...old.slice(10), new HumanMessage("new")] });
  expect(await history.count()).toBe(352);
  expect(prompts(model)[0]).toHaveLength(341);
});

test("a transcript sent again without ids is logged again", async () => {
  const history = openHistory({ client, keyspace });
  const model = fakeModel().respond(new AIMessage("one")).respond(new AIMessage("two"));
  const agent = createAgent({ model, tools: [], middleware: [chatHistoryMiddleware({ history, load: false })] });
  await agent.invoke({ messages: [{ role: "user", content: "q" }] });
  await agent.invoke({
    messages: [
      { role: "user", content: "q" },
      { role: "assistant", content: "one" },
      { role: "user", content: "q2" },
    ],
  });
  expect(shown(await history.getMessages())).toEqual([
    "human: q",
    "ai: one",
    "human: q",
    "ai: one",
    "human: q2",
    "ai: two",
  ]);
});

/** A conversation of short messages with ids. */
function transcript(turns: number): BaseMessage[] {
  return Array.from({ length: turns }, (_, turn) => [
    new HumanMessage({ content: `q${turn}`, id: `q${turn}` }),
    new AIMessage({ content: `a${turn}`, id: `a${turn}` }),
  ]).flat();
}

test.each([1, 2, 3])(
  "a transcript sent again does not bring back its first %d messages, which were deleted",
  async (count) => {
    const history = openHistory({ client, keyspace });
    const entries = await history.append(transcript(2));
    await history.delete(entries.slice(0, count).map(({ id }) => id));
    const model = fakeModel();
    const agent = createAgent({ model, tools: [], middleware: [chatHistoryMiddleware({ history })] });
    let sent = transcript(2);
    for (const turn of [2, 3]) {
      model.respond(new AIMessage(`a${turn}`));
      sent = (await agent.invoke({ messages: [...sent, new HumanMessage(`q${turn}`)] })).messages;
    }
    const left = ["human: q0", "ai: a0", "human: q1", "ai: a1"].slice(count);
    expect(shown(await history.getMessages())).toEqual([...left, "human: q2", "ai: a2", "human: q3", "ai: a3"]);
  },
);

test("a new system message in front of a transcript sent again is not logged", async () => {
  const history = openHistory({ client, keyspace });
  await history.addMessages(transcript(2));
  const model = fakeModel().respond(new AIMessage("a2"));
  const agent = createAgent({ model, tools: [], middleware: [chatHistoryMiddleware({ history })] });
  await agent.invoke({ messages: [new SystemMessage("be brief"), ...transcript(2), new HumanMessage("q2")] });
  const all = ["human: q0", "ai: a0", "human: q1", "ai: a1", "human: q2"];
  expect(prompts(model)[0]).toEqual(["system: be brief", ...all]);
  expect(shown(await history.getMessages())).toEqual([...all, "ai: a2"]);
});

test.each([
  [99, false, 0],
  [100, false, 4],
  [100, true, 0],
])(
  "behind %d other messages, with load: %s, %d messages of a transcript sent again are logged again",
  async (others, load, twice) => {
    const history = openHistory({ client, keyspace });
    await history.addMessages(transcript(2));
    await history.addMessages(Array.from({ length: others }, (_, at) => new HumanMessage(`other ${at}`)));
    const model = fakeModel().respond(new AIMessage("a2"));
    const agent = createAgent({ model, tools: [], middleware: [chatHistoryMiddleware({ history, load })] });
    await agent.invoke({ messages: [...transcript(2), new HumanMessage("q2")] });
    expect(await history.count()).toBe(4 + others + twice + 2);
  },
);
