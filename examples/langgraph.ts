/** A graph of one's own, whose conversation is kept in Cassandra by a node after the model's. */
import { randomUUID } from "node:crypto";
import { FakeListChatModel } from "@langchain/core/utils/testing";
import { type LangGraphRunnableConfig, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { CassandraChatMessageHistory } from "langchain-cassandra-history";
import { connect } from "./connect.ts";

// connect() gives a connected Client of cassandra-driver, and makes the keyspace "app"; first-use.ts shows it in full.
const client = await connect();

// Your own chat model goes here. This one needs no key: it has its lines prepared.
const model = new FakeListChatModel({ responses: ["Nice to meet you, Ada.", "You are Ada."] });

const openHistory = ({ configurable }: LangGraphRunnableConfig) =>
  new CassandraChatMessageHistory({ client, keyspace: "app", sessionId: configurable?.["thread_id"] });

const graph = new StateGraph(MessagesAnnotation)
  .addNode("model", async ({ messages }, config) => {
    const window = await openHistory(config).getMessages({ maxMessages: 50 });
    // With a checkpointer, the state has them as well.
    const earlier = window.filter(({ id }) => messages.every((message) => message.id !== id));
    return { messages: [await model.invoke([...earlier, ...messages])] };
  })
  // A node of its own: inside the model's, the reply has no id yet.
  .addNode("save", async ({ messages }, config) => {
    const turn = messages.slice(messages.findLastIndex(({ type }) => type === "human"));
    const [newest] = await openHistory(config).getMessages({ maxMessages: 1 });
    // The same where a write that timed out is tried again.
    if (newest?.id !== turn.at(-1)?.id) await openHistory(config).addMessages(turn);
    return {};
  })
  .addEdge(START, "model")
  .addEdge("model", "save")
  .compile();

const session = { configurable: { thread_id: randomUUID() } };
for (const question of ["I am Ada.", "Who am I?"]) {
  await graph.invoke({ messages: [{ role: "user", content: question }] }, session);
}

for await (const { message } of openHistory(session).entries()) {
  console.log(`${message.type}: ${message.text}${message.id === undefined ? " (without an id)" : ""}`);
}
await client.shutdown();
