/** The thread list of assistant-ui over the sessions of one user. */
import type { RemoteThreadListAdapter, RemoteThreadMetadata } from "@assistant-ui/core";
import { createAssistantStream } from "assistant-stream";
import { CassandraChatSessions, type ChatSession, type SessionMetadata } from "langchain-cassandra-history";
import { connect } from "./connect.ts";

/**
 * Runs where the database is, for whoever has signed in. A page in a browser calls it through a route or a server action of your
 * own, which finds out the user: never take the user's id from what the browser sends.
 */
export function threadList(
  sessions: CassandraChatSessions,
  userId: string,
  makeTitle: (messages: Parameters<RemoteThreadListAdapter["generateTitle"]>[1]) => Promise<string>,
): RemoteThreadListAdapter {
  const read = async (sessionId: string): Promise<ChatSession> => {
    const session = await sessions.get(userId, sessionId);
    if (session === undefined) throw new Error(`There is no thread ${JSON.stringify(sessionId)}.`);
    return session;
  };
  return {
    // assistant-ui shows archived threads in a list of their own, and sorts them out itself.
    async list({ after } = {}) {
      const page = await sessions.list(userId, { archived: "any", after });
      return { threads: page.sessions.map(toThread), nextCursor: page.next };
    },
    async fetch(threadId) {
      return toThread(await read(threadId));
    },
    async initialize(_, { custom } = {}) {
      // With an id of its own: the one that assistant-ui gives is of this browser only.
      const { sessionId } = await sessions.create(userId, { metadata: toMetadata(custom) });
      return { remoteId: sessionId };
    },
    async rename(remoteId, title) {
      await sessions.update(userId, remoteId, { title });
    },
    async updateCustom(remoteId, custom) {
      const { metadata } = await read(remoteId);
      const removed = Object.keys(metadata).map((key) => [key, null] as const);
      await sessions.update(userId, remoteId, { metadata: { ...Object.fromEntries(removed), ...toMetadata(custom) } });
    },
    async archive(remoteId) {
      await sessions.update(userId, remoteId, { archived: true });
    },
    async unarchive(remoteId) {
      await sessions.update(userId, remoteId, { archived: false });
    },
    async delete(remoteId) {
      await sessions.delete(userId, remoteId);
    },
    async generateTitle(remoteId, messages) {
      const title = await makeTitle(messages);
      // Stored before the stream ends, as assistant-ui asks.
      await sessions.update(userId, remoteId, { title });
      return createAssistantStream((controller) => controller.appendText(title));
    },
  };
}

function toThread({ sessionId, title, archived, lastActiveAt, metadata }: ChatSession): RemoteThreadMetadata {
  const status = archived ? "archived" : "regular";
  return { status, remoteId: sessionId, title, lastMessageAt: lastActiveAt, custom: metadata };
}

function toMetadata(custom: Readonly<Record<string, unknown>> = {}): SessionMetadata {
  return JSON.parse(JSON.stringify(custom));
}

// What assistant-ui does in the life of a thread.
// connect() gives a connected Client of cassandra-driver, and makes the keyspace "app"; first-use.ts shows it in full.
const client = await connect();
const sessions = new CassandraChatSessions({ client, keyspace: "app" });
// In an application: the id of whoever has signed in.
const userId = crypto.randomUUID();
const threads = threadList(sessions, userId, async (messages) => `A chat of ${messages.length} messages`);

const { remoteId } = await threads.initialize("__LOCALID_1", { custom: { model: "small" } });
// Your route of the chat stores what is said under the thread's remote id.
await sessions.open(userId, remoteId).addUserMessage("hi!");
for await (const chunk of await threads.generateTitle(remoteId, [])) {
  if (chunk.type === "text-delta") console.log(chunk.textDelta);
}
await threads.rename(remoteId, "Greetings");
await threads.updateCustom?.(remoteId, { model: "large" });
await threads.archive(remoteId);
const { status, title, custom } = await threads.fetch(remoteId);
console.log(status, title, custom);
await threads.unarchive?.(remoteId);
const { threads: listed, nextCursor } = await threads.list();
console.log(listed.length, listed[0]?.status, nextCursor);
await threads.delete(remoteId);
console.log((await threads.list()).threads);
await client.shutdown();
