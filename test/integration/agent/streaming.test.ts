import { MemorySaver } from "@langchain/langgraph";
import { createAgent, fakeModel } from "langchain";
import { describe, expect, test } from "vitest";
import { chatHistoryMiddleware } from "../../../src/agent/index.ts";
import { ask, lines, respondWithTurn, shown, weather } from "../../support/agent.ts";
import { openClient, openHistory, ownKeyspace } from "../../support/session.ts";

const client = openClient();
const keyspace = ownKeyspace(client);

async function streamed(
  stream: AsyncIterable<unknown>,
): Promise<{ readonly text: string; readonly chunks: unknown[] }> {
  const chunks: unknown[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return { text: JSON.stringify(chunks), chunks };
}

describe.each(["run", "step"] as const)("save: %s", (save) => {
  test.each(["messages", "updates", "values"] as const)("streamMode %s emits no stored message", async (streamMode) => {
    const history = openHistory({ client, keyspace });
    const model = fakeModel();
    const agent = createAgent({ model, tools: [weather], middleware: [chatHistoryMiddleware({ history, save })] });
    respondWithTurn(model, 1);
    await agent.invoke(ask(1));
    const stored = await history.getMessages();
    respondWithTurn(model, 2);
    const { text } = await streamed(await agent.stream(ask(2), { streamMode }));
    for (const word of ["question 1", "answer 1", "sunny in 1a", ...stored.map(({ id }) => id ?? "no id")]) {
      expect(text).not.toContain(word);
    }
    for (const word of ["answer 2", "sunny in 2a", "sunny in 2b"]) expect(text).toContain(word);
    expect(shown(await history.getMessages())).toEqual([...lines(1), ...lines(2)]);
  });

  test("with a checkpointer, streamMode updates and messages emit no earlier message", async () => {
    const history = openHistory({ client, keyspace });
    const model = fakeModel();
    const agent = createAgent({
      model,
      tools: [weather],
      checkpointer: new MemorySaver(),
      middleware: [chatHistoryMiddleware({ history, save })],
    });
    const thread = { configurable: { thread_id: "thread" } };
    respondWithTurn(model, 1);
    await agent.invoke(ask(1), thread);
    respondWithTurn(model, 2);
    const { text } = await streamed(await agent.stream(ask(2), { ...thread, streamMode: ["updates", "messages"] }));
    for (const word of ["question 1", "answer 1", "sunny in 1a"]) expect(text).not.toContain(word);
    expect(shown(await history.getMessages())).toEqual([...lines(1), ...lines(2)]);
  });
});

test("streamMode messages emits each message of the run once", async () => {
  const history = openHistory({ client, keyspace });
  const model = fakeModel();
  const agent = createAgent({ model, tools: [weather], middleware: [chatHistoryMiddleware({ history })] });
  for (const turn of [1, 2]) {
    respondWithTurn(model, turn);
    const { chunks } = await streamed(await agent.stream(ask(turn), { streamMode: "messages" }));
    const messages = chunks.map((chunk) => (Array.isArray(chunk) ? chunk[0] : chunk));
    expect(shown(messages)).toEqual(lines(turn).slice(1));
  }
});

// LangGraph 1.2 continues such a run, later versions stop it.
test("a run whose stream is not read to its end is logged as a whole or not at all", async () => {
  const history = openHistory({ client, keyspace });
  const runOf = (turn: number) => {
    const model = fakeModel();
    respondWithTurn(model, turn);
    return createAgent({ model, tools: [weather], middleware: [chatHistoryMiddleware({ history })] });
  };
  for await (const _ of await runOf(1).stream(ask(1), { streamMode: "updates" })) break;
  await runOf(2).invoke(ask(2));
  const logged = shown(await history.getMessages());
  expect(logged.filter((line) => lines(2).includes(line))).toEqual(lines(2));
  expect([[], lines(1)]).toContainEqual(logged.filter((line) => !lines(2).includes(line)));
});
