/** A history with options of its own, for a conversation that is forgotten after thirty days. */
import { AIMessage } from "@langchain/core/messages";
import { Client, types } from "cassandra-driver";
import { CassandraChatMessageHistory } from "langchain-cassandra-history";

const { CASSANDRA_CONTACT_POINTS = "127.0.0.1", CASSANDRA_LOCAL_DC = "datacenter1" } = process.env;
const client = new Client({
  contactPoints: CASSANDRA_CONTACT_POINTS.split(","),
  localDataCenter: CASSANDRA_LOCAL_DC,
});
await client.execute(
  "CREATE KEYSPACE IF NOT EXISTS app WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
);

const history = new CassandraChatMessageHistory({
  client,
  keyspace: "app",
  table: "support_chats",
  sessionId: crypto.randomUUID(),
  ttlSeconds: 30 * 24 * 60 * 60,
  maxMessages: 50,
  readOptions: { consistency: types.consistencies.localQuorum },
  writeOptions: { consistency: types.consistencies.localQuorum },
  onCorruptRow: ({ id }) => new AIMessage(`[message ${id} cannot be shown]`),
});

const [entry] = await history.append([new AIMessage("How can I help?")]);
console.log(entry?.expiresAt ? "It will be forgotten." : "It will be kept.");
await client.shutdown();
