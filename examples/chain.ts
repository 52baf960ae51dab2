import { HumanMessage } from "@langchain/core/messages";
import { ChatPromptTemplate, MessagesPlaceholder } from "@langchain/core/prompts";
import { FakeListChatModel } from "@langchain/core/utils/testing";
import { Client } from "cassandra-driver";
import { CassandraChatMessageHistory } from "langchain-cassandra-history";

const { CASSANDRA_CONTACT_POINTS = "127.0.0.1", CASSANDRA_LOCAL_DC = "datacenter1" } = process.env;
const client = new Client({
  contactPoints: CASSANDRA_CONTACT_POINTS.split(","),
  localDataCenter: CASSANDRA_LOCAL_DC,
});
await client.execute(
  "CREATE KEYSPACE IF NOT EXISTS app WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
);

// In place of a real model, such as one of @langchain/openai.
const model = new FakeListChatModel({ responses: ["whats up?", "You said hi!"] });
const history = new CassandraChatMessageHistory({ client, keyspace: "app", sessionId: crypto.randomUUID() });

const prompt = ChatPromptTemplate.fromMessages([
  ["system", "Be brief."],
  new MessagesPlaceholder("history"),
  ["human", "{question}"],
]);
const chain = prompt.pipe(model);

async function ask(question: string): Promise<string> {
  const reply = await chain.invoke({ question, history: await history.getMessages({ maxMessages: 20 }) });
  await history.addMessages([new HumanMessage(question), reply]);
  return reply.text;
}

console.log(await ask("hi!"));
console.log(await ask("What did I say?"));
console.log(`${await history.count()} messages are stored.`);
await client.shutdown();
