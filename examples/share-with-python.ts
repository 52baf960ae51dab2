/** Uses the table of LangChain's Python class, CassandraChatMessageHistory of langchain-community. */
import { CassandraChatMessageHistory, PYTHON_COLUMNS } from "langchain-cassandra-history";
import { connect } from "./connect.ts";

// connect() gives a connected Client of cassandra-driver, and makes the keyspace "app"; first-use.ts shows it in full.
const client = await connect();

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
