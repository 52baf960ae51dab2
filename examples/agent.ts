/** An agent with a tool that keeps its conversation in Cassandra, without a checkpointer. */
import { randomUUID } from "node:crypto";
import { AIMessage, createAgent, fakeModel, type Runtime, tool } from "langchain";
import { CassandraChatMessageHistory } from "langchain-cassandra-history";
import { chatHistoryMiddleware } from "langchain-cassandra-history/agent";
import { z } from "zod";
import { connect } from "./connect.ts";

// connect() gives a connected Client of cassandra-driver, and makes the keyspace "app"; first-use.ts shows it in full.
const client = await connect();

const weather = tool(({ city }) => `It is sunny in ${city}.`, {
  name: "weather",
  description: "The weather in a city",
  schema: z.object({ city: z.string() }),
});

const call = (city: string) => ({ type: "tool_call" as const, id: city, name: "weather", args: { city } });

// Your own chat model goes here, for instance "openai:gpt-5-mini" or new ChatAnthropic({ model: "claude-sonnet-4-5" }).
// This one needs no key: its replies are prepared.
const model = fakeModel()
  .respond(new AIMessage({ content: "Let me look.", tool_calls: [call("Rome"), call("Oslo")] }))
  .respond(new AIMessage("Sunny in both."))
  .respond(({ length }) => new AIMessage(`Rome. I was given ${length} messages.`));

const openHistory = ({ configurable }: Runtime) =>
  new CassandraChatMessageHistory({ client, keyspace: "app", sessionId: configurable?.thread_id ?? "" });

const memory = chatHistoryMiddleware({ history: openHistory, maxMessages: 50 });
const agent = createAgent({ model, tools: [weather], middleware: [memory] });

const session = { configurable: { thread_id: randomUUID() } };
for (const question of ["How is the weather in Rome and Oslo?", "Which city did I name first?"]) {
  await agent.invoke({ messages: [{ role: "user", content: question }] }, session);
}

for (const message of await openHistory(session).getMessages()) {
  console.log(`${message.type}: ${message.text}`);
}
await client.shutdown();
