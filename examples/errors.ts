/** Adds messages, and tries again without storing one twice. */
import { AIMessage, type BaseMessage, HumanMessage } from "@langchain/core/messages";
import { Client } from "cassandra-driver";
import { CassandraChatMessageHistory, CassandraHistoryError } from "langchain-cassandra-history";

const { CASSANDRA_CONTACT_POINTS = "127.0.0.1", CASSANDRA_LOCAL_DC = "datacenter1" } = process.env;
const client = new Client({
  contactPoints: CASSANDRA_CONTACT_POINTS.split(","),
  localDataCenter: CASSANDRA_LOCAL_DC,
});
await client.execute(
  "CREATE KEYSPACE IF NOT EXISTS app WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
);

const history = new CassandraChatMessageHistory({ client, keyspace: "app", sessionId: crypto.randomUUID() });

async function addWithRetry(messages: BaseMessage[]): Promise<void> {
  try {
    await history.addMessages(messages);
  } catch (error) {
    if (!(error instanceof CassandraHistoryError) || error.code !== "WRITE_FAILED" || !error.ids) throw error;
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
