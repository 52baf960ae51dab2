/** What stands in the table. */
import { AIMessage } from "@langchain/core/messages";
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

const history = new CassandraChatMessageHistory({ client, keyspace: "app", sessionId: crypto.randomUUID() });
await history.addMessage(new AIMessage({ content: "whats up?", id: "msg_1", response_metadata: { at: new Date(0) } }));

const select = 'SELECT message FROM "app"."message_store" WHERE session_id = ?';
const { rows } = await client.execute(select, [history.sessionId], { prepare: true });
console.log(rows[0]?.["message"]);
const [message] = await history.getMessages();
console.log(message?.id, message?.response_metadata["at"] instanceof Date);
await client.shutdown();
