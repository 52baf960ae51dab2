/** What is added comes back in that order, awaited or not; what is cleared stays away. */
import { HumanMessage } from "@langchain/core/messages";
import { CassandraChatMessageHistory } from "langchain-cassandra-history";
import { connect } from "./connect.ts";

// connect() gives a connected Client of cassandra-driver, and makes the keyspace "app"; first-use.ts shows it in full.
const client = await connect();

const history = new CassandraChatMessageHistory({ client, keyspace: "app", sessionId: crypto.randomUUID() });

const adds = Array.from({ length: 1000 }, (_, at) => history.addMessage(new HumanMessage(`${at}`)));
const messages = await history.getMessages();
const inOrder = messages.every(({ text }, at) => text === `${at}`);
console.log(messages.length, inOrder);
await Promise.all(adds);

await history.clear();
await history.addUserMessage("after the clear");
console.log((await history.getMessages()).map(({ text }) => text));
await client.shutdown();
