import { CassandraChatMessageHistory } from "langchain-cassandra-history";
import { connect } from "./connect.ts";

// connect() gives a connected Client of cassandra-driver, and makes the keyspace "app"; first-use.ts shows it in full.
const client = await connect();
const history = new CassandraChatMessageHistory({ client, keyspace: "app", sessionId: "test-session" });

for (const message of await history.getMessages()) {
  console.log(`${message.type}: ${message.text}`);
}
await client.shutdown();
