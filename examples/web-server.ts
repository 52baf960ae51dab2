/** Answers `curl --data 'hi!' 127.0.0.1:3000/some-session`, until it is told to end. */
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { HumanMessage } from "@langchain/core/messages";
import { FakeListChatModel } from "@langchain/core/utils/testing";
import { Client } from "cassandra-driver";
import { CassandraChatMessageHistory } from "langchain-cassandra-history";

const { CASSANDRA_CONTACT_POINTS = "127.0.0.1", CASSANDRA_LOCAL_DC = "datacenter1", PORT = "3000" } = process.env;
// One client for the whole process: it holds the connections.
const client = new Client({
  contactPoints: CASSANDRA_CONTACT_POINTS.split(","),
  localDataCenter: CASSANDRA_LOCAL_DC,
  applicationName: "web-server",
});
await client.execute(
  "CREATE KEYSPACE IF NOT EXISTS app WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
);

// In place of a real model, such as one of @langchain/openai.
const model = new FakeListChatModel({ responses: ["whats up?"] });

async function answer(sessionId: string, question: string): Promise<string> {
  const history = new CassandraChatMessageHistory({ client, keyspace: "app", sessionId, maxMessages: 20 });
  const reply = await model.invoke([...(await history.getMessages()), new HumanMessage(question)]);
  await history.addMessages([new HumanMessage(question), reply]);
  return reply.text;
}

const server = createServer(async (request, response) => {
  try {
    // Who knows a session's id can read it: in an application, take it from whoever has signed in.
    const sessionId = new URL(request.url ?? "/", "http://localhost").pathname;
    response.end(`${await answer(sessionId, await text(request))}\n`);
  } catch (error) {
    console.error(error);
    response.writeHead(500).end();
  }
});
server.listen(Number(PORT), "127.0.0.1", () => {
  const address = server.address();
  if (typeof address === "object") console.log(`Listening on http://127.0.0.1:${address?.port}`);
});
process.once("SIGTERM", () => server.close(() => void client.shutdown()));
