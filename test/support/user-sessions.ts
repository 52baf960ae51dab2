import { randomUUID } from "node:crypto";
import { HumanMessage } from "@langchain/core/messages";
import type { Client, types } from "cassandra-driver";
import type { CassandraChatSessions, ChatSession } from "../../src/index.ts";

export function newUser(): string {
  return `user ${randomUUID()}`;
}

/** All sessions of a user that a list shows, page by page. */
export async function listAll(
  sessions: CassandraChatSessions,
  userId: string,
  options: Parameters<CassandraChatSessions["list"]>[1] = {},
): Promise<ChatSession[]> {
  const all: ChatSession[] = [];
  for (let after: string | undefined; ; ) {
    const page = await sessions.list(userId, { archived: "any", ...options, after });
    all.push(...page.sessions);
    if (page.next === undefined) return all;
    after = page.next;
  }
}

export function idsOf(sessions: readonly ChatSession[]): string[] {
  return sessions.map(({ sessionId }) => sessionId);
}

export async function add(sessions: CassandraChatSessions, userId: string, sessionId: string): Promise<void> {
  await sessions.open(userId, sessionId).addMessage(new HumanMessage("hi"));
}

/** What is stored of a user in the sessions table, dead rows left out. */
export async function rawEntries(client: Client, keyspace: string, userId: string): Promise<types.Row[]> {
  const query = `SELECT * FROM "${keyspace}".message_store_sessions WHERE user_id = ?`;
  return (await client.execute(query, [userId], { prepare: true })).rows;
}

/** Under which keys there are messages of a user. */
export async function rawKeys(client: Client, keyspace: string, userId: string): Promise<string[]> {
  const { rows } = await client.execute(`SELECT DISTINCT session_id FROM "${keyspace}".message_store`);
  return rows.map((row) => String(row["session_id"])).filter((key) => key.startsWith(`[${JSON.stringify(userId)},`));
}
