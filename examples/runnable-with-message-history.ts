import { ChatPromptTemplate, MessagesPlaceholder } from "@langchain/core/prompts";
import { RunnableWithMessageHistory } from "@langchain/core/runnables";
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
const prompt = ChatPromptTemplate.fromMessages([
  ["system", "Be brief."],
  new MessagesPlaceholder("history"),
  ["human", "{question}"],
]);

const chain = new RunnableWithMessageHistory({
  runnable: prompt.pipe(model),
  getMessageHistory: (sessionId) => new CassandraChatMessageHistory({ client, keyspace: "app", sessionId }),
  inputMessagesKey: "question",
  historyMessagesKey: "history",
});

const sessionId = crypto.randomUUID();
const reply = await chain.invoke({ question: "hi!" }, { configurable: { sessionId } });
console.log(reply.text);

for await (const chunk of await chain.stream({ question: "What did I say?" }, { configurable: { sessionId } })) {
  process.stdout.write(chunk.text);
}
const history = new CassandraChatMessageHistory({ client, keyspace: "app", sessionId });
console.log(`\n${await history.count()} messages are stored.`);
await client.shutdown();
