/** Uses the table of LangChain's Python class, CassandraChatMessageHistory of langchain-community. */
import { Client } from "cassandra-driver";
import { CassandraChatMessageHistory, PYTHON_COLUMNS } from "langchain-cassandra-history";

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
  // The one that is given to the Python class as table_name, where it is not the default of both: "message_store".
  table: "message_store_python",
  columns: PYTHON_COLUMNS,
  sessionId: crypto.randomUUID(),
});

await history.addUserMessage("Hello from JavaScript.");
for (const message of await history.getMessages()) {
  console.log(`${message.type}: ${message.text}`);
}
await client.shutdown();
