/** What stands in the table. */
import { AIMessage } from "@langchain/core/messages";
import { CassandraChatMessageHistory } from "langchain-cassandra-history";
import { connect } from "./connect.ts";

// connect() gives a connected Client of cassandra-driver, and makes the keyspace "app"; first-use.ts shows it in full.
const client = await connect();

const history = new CassandraChatMessageHistory({ client, keyspace: "app", sessionId: crypto.randomUUID() });
await history.addMessage(new AIMessage({ content: "whats up?", id: "msg_1", response_metadata: { at: new Date(0) } }));

const select = 'SELECT message FROM "app"."message_store" WHERE session_id = ?';
const { rows } = await client.execute(select, [history.sessionId], { prepare: true });
console.log(rows[0]?.["message"]);
const [message] = await history.getMessages();
console.log(message?.id, message?.response_metadata["at"] instanceof Date);
await client.shutdown();
