/** The life of a sidebar: open, add, list, rename, pin, archive, page, delete. */
import { AIMessage, HumanMessage } from "@langchain/core/messages";
import { CassandraChatSessions } from "langchain-cassandra-history";
import { connect } from "./connect.ts";

// connect() gives a connected Client of cassandra-driver, and makes the keyspace "app"; first-use.ts shows it in full.
const client = await connect();
// In an application: the id of whoever has signed in.
const userId = `ada-${crypto.randomUUID()}`;

const sessions = new CassandraChatSessions({ client, keyspace: "app" });

const history = sessions.open(userId, "trip");
await history.addMessages([new HumanMessage("Where to in May?"), new AIMessage("Rome.")]);
await sessions.update(userId, "trip", { title: "Rome in May" });

const page = await sessions.list(userId, { limit: 20 });
for (const { sessionId, title, lastActiveAt } of page.sessions) {
  console.log(sessionId, title ?? "New chat", lastActiveAt instanceof Date);
}

// "New chat": an entry ahead of its first message, with a random id.
const draft = await sessions.create(userId, { title: "Taxes", metadata: { model: "small" } });
const chat = sessions.open(userId, draft.sessionId, { maxMessages: 20 });
await chat.addMessages([new HumanMessage("What can I deduct?"), new AIMessage("Ask an adviser.")]);
console.log(await titles());

await sessions.update(userId, "trip", { pinned: true, metadata: { folder: "travel" } });
console.log(await titles({ pinned: true }), await titles({ pinned: false }));

await sessions.update(userId, draft.sessionId, { archived: true });
console.log(await titles(), await titles({ archived: true }));

await sessions.fork(userId, "trip", { title: "Oslo instead" });
console.log(await allTitles(1));

await sessions.delete(userId, draft.sessionId);
console.log(await sessions.get(userId, draft.sessionId), await history.count());

const deleted = await sessions.deleteAll(userId);
console.log(deleted, await titles({ archived: "any" }), await history.count());
await client.shutdown();

async function titles(options: { archived?: boolean | "any"; pinned?: boolean } = {}): Promise<unknown[]> {
  return (await sessions.list(userId, options)).sessions.map(({ title }) => title);
}

/** All pages, archived sessions included. */
async function allTitles(limit: number): Promise<unknown[]> {
  const found: unknown[] = [];
  let after: string | undefined;
  do {
    const { sessions: some, next } = await sessions.list(userId, { limit, after, archived: "any" });
    found.push(...some.map(({ title }) => title));
    after = next;
  } while (after !== undefined);
  return found;
}
