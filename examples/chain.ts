import { HumanMessage } from "@langchain/core/messages";
import { ChatPromptTemplate, MessagesPlaceholder } from "@langchain/core/prompts";
import { FakeListChatModel } from "@langchain/core/utils/testing";
import { CassandraChatMessageHistory } from "langchain-cassandra-history";
import { connect } from "./connect.ts";

// connect() gives a connected Client of cassandra-driver, and makes the keyspace "app"; first-use.ts shows it in full.
const client = await connect();

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
