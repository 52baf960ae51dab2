/** The routes behind a sidebar: `curl -H 'x-user: ada' 127.0.0.1:3000/sessions`, until it is told to end. */
import { createServer, type IncomingMessage } from "node:http";
import { json } from "node:stream/consumers";
import { HumanMessage } from "@langchain/core/messages";
import { FakeListChatModel } from "@langchain/core/utils/testing";
import { CassandraChatSessions, CassandraHistoryError } from "langchain-cassandra-history";
import { connect } from "./connect.ts";

const { PORT = "3000" } = process.env;
// connect() gives a connected Client of cassandra-driver, and makes the keyspace "app"; first-use.ts shows it in full.
const client = await connect();
const sessions = new CassandraChatSessions({ client, keyspace: "app", maxMessages: 50 });

// In place of a real model, such as one of @langchain/openai.
const model = new FakeListChatModel({ responses: ["whats up?"] });

/** In an application: whoever has signed in, by a cookie that the server has signed. */
function userOf(request: IncomingMessage): string {
  return String(request.headers["x-user"] ?? "");
}

async function answer(userId: string, sessionId: string, text: string): Promise<object> {
  const history = sessions.open(userId, sessionId);
  const question = new HumanMessage(text);
  const reply = await model.invoke([...(await history.getMessages()), question]);
  await history.addMessages([question, reply]);
  return { text: reply.text };
}

async function messagesOf(userId: string, sessionId: string, before: string | undefined): Promise<object> {
  const { entries, older } = await sessions.open(userId, sessionId).getPage({ limit: 50, before });
  return { messages: entries.map(({ id, message }) => ({ id, type: message.type, text: message.text })), older };
}

/** Undefined where there is no such route. */
async function route(request: IncomingMessage, url: URL): Promise<object | undefined> {
  const userId = userOf(request);
  const [, , sessionId = "", part = ""] = url.pathname.split("/").map(decodeURIComponent);
  const query = (name: string): string | undefined => url.searchParams.get(name) || undefined;
  switch (`${request.method} ${sessionId && ":id"} ${part}`.trim()) {
    case "GET":
      return sessions.list(userId, { limit: 20, after: query("after"), archived: query("archived") === "true" });
    case "GET :id":
      return sessions.get(userId, sessionId);
    case "PATCH :id":
      return sessions.update(userId, sessionId, Object(await json(request)));
    case "DELETE :id":
      await sessions.delete(userId, sessionId);
      return {};
    case "GET :id messages":
      return messagesOf(userId, sessionId, query("before"));
    case "POST :id messages":
      return answer(userId, sessionId, String(Object(await json(request)).text));
    case "DELETE":
      return { deleted: await sessions.deleteAll(userId) };
    default:
      return undefined;
  }
}

/** By the error's code. */
const statuses: Readonly<Record<string, number>> = { INVALID_OPTION: 400, NOT_FOUND: 404 };

const server = createServer(async (request, response) => {
  try {
    const found = await route(request, new URL(request.url ?? "/", "http://localhost"));
    response.writeHead(found ? 200 : 404).end(JSON.stringify(found ?? {}));
  } catch (error) {
    const status = error instanceof CassandraHistoryError ? statuses[error.code] : undefined;
    if (status === undefined) console.error(error);
    response.writeHead(status ?? 500).end("{}");
  }
});
server.listen(Number(PORT), "127.0.0.1", () => {
  const address = server.address();
  if (typeof address === "object") console.log(`Listening on http://127.0.0.1:${address?.port}`);
});
process.once("SIGTERM", () => server.close(() => void client.shutdown()));
