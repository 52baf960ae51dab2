/** An agent for many users: the run's context says whose session it is. */
import { AIMessage, createAgent, fakeModel } from "langchain";
import { CassandraChatSessions } from "langchain-cassandra-history";
import { chatHistoryMiddleware } from "langchain-cassandra-history/agent";
import { z } from "zod";
import { connect } from "./connect.ts";

// connect() gives a connected Client of cassandra-driver, and makes the keyspace "app"; first-use.ts shows it in full.
const client = await connect();
const sessions = new CassandraChatSessions({ client, keyspace: "app" });

// Your own chat model goes here. This one needs no key: it says how many messages it was given.
const model = fakeModel()
  .respond(new AIMessage("Nice to meet you, Ada."))
  .respond(({ length }) => new AIMessage(`You are Ada: I was given ${length} messages.`))
  .respond(({ length }) => new AIMessage(`I do not know: I was given ${length}.`));

const memory = chatHistoryMiddleware({
  contextSchema: z.object({ userId: z.string(), sessionId: z.string() }),
  history: ({ context }) => sessions.open(context.userId, context.sessionId),
  maxMessages: 50,
});
const agent = createAgent({ model, tools: [], middleware: [memory] });

// In an application: the ids of those who have signed in. Both use the same session id.
const ada = { userId: `ada-${crypto.randomUUID()}`, sessionId: "first" };
const bob = { userId: `bob-${crypto.randomUUID()}`, sessionId: "first" };
for (const [context, content] of [
  [ada, "I am Ada."],
  [ada, "Who am I?"],
  [bob, "Who am I?"],
] as const) {
  await agent.invoke({ messages: [{ role: "user", content }] }, { context });
}

for (const { userId, sessionId } of [ada, bob]) {
  for (const message of await sessions.open(userId, sessionId).getMessages()) {
    console.log(`${message.type}: ${message.text}`);
  }
}
console.log((await sessions.list(ada.userId)).sessions.map(({ sessionId }) => sessionId));
await client.shutdown();
