/** A history with options of its own, for a conversation that is forgotten after thirty days. */
import { AIMessage } from "@langchain/core/messages";
import { types } from "cassandra-driver";
import { CassandraChatMessageHistory } from "langchain-cassandra-history";
import { connect } from "./connect.ts";

// connect() gives a connected Client of cassandra-driver, and makes the keyspace "app"; first-use.ts shows it in full.
const client = await connect();

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
