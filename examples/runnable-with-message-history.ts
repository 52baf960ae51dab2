import { ChatPromptTemplate, MessagesPlaceholder } from "@langchain/core/prompts";
import { RunnableWithMessageHistory } from "@langchain/core/runnables";
import { FakeListChatModel } from "@langchain/core/utils/testing";
import { CassandraChatMessageHistory } from "langchain-cassandra-history";
import { connect } from "./connect.ts";

// connect() gives a connected Client of cassandra-driver, and makes the keyspace "app"; first-use.ts shows it in full.
const client = await connect();

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
