/** Gives a conversation of a plain history to a user. */
import { HumanMessage } from "@langchain/core/messages";
import { CassandraChatMessageHistory, CassandraChatSessions } from "langchain-cassandra-history";
import { connect } from "./connect.ts";

// connect() gives a connected Client of cassandra-driver, and makes the keyspace "app"; first-use.ts shows it in full.
const client = await connect();
const sessions = new CassandraChatSessions({ client, keyspace: "app" });
// In an application: from your own table, which says whose each plain session is.
const userId = `ada-${crypto.randomUUID()}`;
const oldId = `chat-${crypto.randomUUID()}`;
const plain = new CassandraChatMessageHistory({ client, keyspace: "app", sessionId: oldId });
await plain.addMessages([new HumanMessage("Where to in May?"), new HumanMessage("And in June?")]);

const session = await sessions.adopt(userId, oldId, { title: "Before the move" });
// When nobody writes to the plain session any more:
await plain.clear();

const history = sessions.open(userId, session.sessionId);
console.log(session.title, await history.count(), await plain.count());
await sessions.deleteAll(userId);
await client.shutdown();
