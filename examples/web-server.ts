/** Answers `curl --data 'hi!' 127.0.0.1:3000/some-session`, until it is told to end. */
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { HumanMessage } from "@langchain/core/messages";
import { FakeListChatModel } from "@langchain/core/utils/testing";
import { CassandraChatMessageHistory } from "langchain-cassandra-history";
import { connect } from "./connect.ts";

const { PORT = "3000" } = process.env;
// connect() gives a connected Client of cassandra-driver, and makes the keyspace "app"; first-use.ts shows it in full.
// One client for the whole process: it holds the connections.
const client = await connect({ applicationName: "web-server" });

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
