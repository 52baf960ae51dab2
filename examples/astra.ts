import { Client } from "cassandra-driver";
import { CassandraChatMessageHistory } from "langchain-cassandra-history";

const {
  ASTRA_DB_SECURE_BUNDLE = "secure-connect-mydb.zip",
  ASTRA_DB_APPLICATION_TOKEN = "AstraCS:...",
  ASTRA_DB_KEYSPACE = "default_keyspace",
} = process.env;
const client = new Client({
  cloud: { secureConnectBundle: ASTRA_DB_SECURE_BUNDLE },
  credentials: { username: "token", password: ASTRA_DB_APPLICATION_TOKEN },
});

const history = new CassandraChatMessageHistory({ client, keyspace: ASTRA_DB_KEYSPACE, sessionId: "test-session" });

await history.addUserMessage("hi!");
await history.addAIMessage("whats up?");

for (const message of await history.getMessages()) {
  console.log(`${message.type}: ${message.text}`);
}
await client.shutdown();
