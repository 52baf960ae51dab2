/** What is added comes back in that order, awaited or not; what is cleared stays away. */
import { HumanMessage } from "@langchain/core/messages";
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

const adds = Array.from({ length: 1000 }, (_, at) => history.addMessage(new HumanMessage(`${at}`)));
const messages = await history.getMessages();
const inOrder = messages.every(({ text }, at) => text === `${at}`);
console.log(messages.length, inOrder);
await Promise.all(adds);

await history.clear();
await history.addUserMessage("after the clear");
console.log((await history.getMessages()).map(({ text }) => text));
await client.shutdown();
