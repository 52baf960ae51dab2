/** RunnableWithMessageHistory over the sessions of users: one chain for all of them. */
import { ChatPromptTemplate, MessagesPlaceholder } from "@langchain/core/prompts";
import { RunnableWithMessageHistory } from "@langchain/core/runnables";
import { FakeListChatModel } from "@langchain/core/utils/testing";
import { CassandraChatSessions } from "langchain-cassandra-history";
import { connect } from "./connect.ts";

// connect() gives a connected Client of cassandra-driver, and makes the keyspace "app"; first-use.ts shows it in full.
const client = await connect();
const sessions = new CassandraChatSessions({ client, keyspace: "app", maxMessages: 50 });

// In place of a real model, such as one of @langchain/openai.
const model = new FakeListChatModel({ responses: ["whats up?", "You said hi!", "Nothing yet."] });
const prompt = ChatPromptTemplate.fromMessages([
  ["system", "Be brief."],
  new MessagesPlaceholder("history"),
  ["human", "{question}"],
]);

interface Conversation {
  readonly userId: string;
  readonly sessionId: string;
}

const chain = new RunnableWithMessageHistory({
  runnable: prompt.pipe(model),
  // LangChain.js hands on `configurable.sessionId` alone, so that names both ids.
  getMessageHistory: ({ userId, sessionId }: Conversation) => sessions.open(userId, sessionId),
  inputMessagesKey: "question",
  historyMessagesKey: "history",
});

async function ask(conversation: Conversation, question: string): Promise<string> {
  const reply = await chain.invoke({ question }, { configurable: { sessionId: conversation } });
  return reply.text;
}

// In an application: the ids of those who have signed in. Both use the same session id.
const ada = { userId: `ada-${crypto.randomUUID()}`, sessionId: "first" };
const bob = { userId: `bob-${crypto.randomUUID()}`, sessionId: "first" };
console.log(await ask(ada, "hi!"));
console.log(await ask(ada, "What did I say?"));
console.log(await ask(bob, "What did I say?"));

for (const { userId, sessionId } of [ada, bob]) {
  const { sessions: listed } = await sessions.list(userId);
  console.log(`${listed.length} session, ${await sessions.open(userId, sessionId).count()} messages`);
}
await client.shutdown();
