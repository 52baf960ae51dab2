/** Adds messages, and tries again without storing one twice. */
import { AIMessage, type BaseMessage, HumanMessage } from "@langchain/core/messages";
import { CassandraChatMessageHistory, CassandraHistoryError } from "langchain-cassandra-history";
import { connect } from "./connect.ts";

// connect() gives a connected Client of cassandra-driver, and makes the keyspace "app"; first-use.ts shows it in full.
const client = await connect();

const history = new CassandraChatMessageHistory({ client, keyspace: "app", sessionId: crypto.randomUUID() });

async function addWithRetry(messages: BaseMessage[]): Promise<void> {
  try {
    await history.addMessages(messages);
  } catch (error) {
    if (!(error instanceof CassandraHistoryError) || error.code !== "WRITE_FAILED") throw error;
    await history.append(messages, { ids: error.ids });
  }
}

await addWithRetry([new HumanMessage("hi!"), new AIMessage("whats up?")]);
try {
  await history.getMessages({ maxMessages: 0 });
} catch (error) {
  if (error instanceof CassandraHistoryError) console.log(error.code, error.message);
}
console.log(`${await history.count()} messages are stored.`);
await client.shutdown();
