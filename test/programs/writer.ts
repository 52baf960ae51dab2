/**
 * One writer of a conversation, with a clock that is off by `offset` milliseconds. It reads the newest message and adds an
 * answer to it, `times` times.
 */
import { HumanMessage } from "@langchain/core/messages";
import { Client } from "cassandra-driver";

const [contactPoints = "", localDataCenter = "", keyspace = "", sessionId = "", name = "", offset = "0", times = "0"] =
  process.argv.slice(2);

const realNow = Date.now;
Date.now = () => realNow() + Number(offset);
const { CassandraChatMessageHistory } = await import("../../src/index.ts");

const client = new Client({ contactPoints: contactPoints.split(","), localDataCenter });
const history = new CassandraChatMessageHistory({ client, keyspace, sessionId });
for (let at = 0; at < Number(times); at += 1) {
  const [newest] = await history.getMessages({ maxMessages: 1 });
  await history.addMessage(
    new HumanMessage(JSON.stringify({ me: `${name}:${at}`, answers: newest && JSON.parse(newest.text).me })),
  );
}
await client.shutdown();
