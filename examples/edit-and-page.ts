/** Pages for a user interface, edits, and a copy of a conversation. */
import { AIMessage, HumanMessage } from "@langchain/core/messages";
import { CassandraChatMessageHistory } from "langchain-cassandra-history";
import { connect } from "./connect.ts";

// connect() gives a connected Client of cassandra-driver, and makes the keyspace "app"; first-use.ts shows it in full.
const client = await connect();

const history = new CassandraChatMessageHistory({ client, keyspace: "app", sessionId: crypto.randomUUID() });

const [question] = await history.append([new HumanMessage("hi"), new AIMessage("hello"), new HumanMessage("bye")]);
if (question) await history.update(question.id, new HumanMessage("hi!"));

const page = await history.getPage({ limit: 2 });
console.log(page.entries.map(({ message }) => message.text));
const older = await history.getPage({ limit: 2, ...(page.older && { before: page.older }) });
console.log(older.entries.map(({ message }) => message.text));

const copy = await history.fork(crypto.randomUUID());
const newest = page.entries.at(-1);
if (newest) await history.deleteFrom(newest.id);
for await (const { createdAt, message } of history.entries()) {
  console.log(createdAt instanceof Date, message.type, message.text);
}
console.log(await history.count(), await copy.count());
await history.clear();
await client.shutdown();
