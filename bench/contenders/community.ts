import type { BaseListChatMessageHistory } from "@langchain/core/chat_history";
import { closeCommunityHistory, loadCommunityHistory } from "../../test/support/community.ts";
import { conversation } from "../messages.ts";
import { LangChainContender } from "./langchain.ts";

/** Where a peer finds its keyspace. */
export interface Cluster {
  readonly contactPoints: readonly string[];
  readonly localDataCenter: string;
  readonly keyspace: string;
}

/** `CassandraChatMessageHistory` of `@langchain/community`, on the same Cassandra. */
export async function communityContender({
  contactPoints,
  ...cluster
}: Cluster): Promise<LangChainContender<BaseListChatMessageHistory>> {
  const History = await loadCommunityHistory();
  const options = { ...cluster, contactPoints: [...contactPoints], table: "community_messages" };
  const make = (sessionId: string): BaseListChatMessageHistory => new History({ ...options, sessionId });
  const close = closeCommunityHistory;
  return new LangChainContender("@langchain/community Cassandra", make, { lossy: true, close });
}

const TURNS = 200;
const AT_ONCE = 100;

/** What it keeps, in words. */
export async function describeLosses(community: LangChainContender<BaseListChatMessageHistory>): Promise<string> {
  const [warmUp, inTurns, atOnce] = ["warm-up", "turns", "at once"].map((name) => community.open(name));
  if (!warmUp || !inTurns || !atOnce) throw new Error("Expected three sessions.");
  const messages = conversation(2 * TURNS);
  for (const session of [warmUp, warmUp, warmUp, inTurns]) {
    for (let at = 0; at < messages.length; at += 2) await session.addAll(messages.slice(at, at + 2));
  }
  // Of a history's first calls, made at once, each opens a client.
  await atOnce.read();
  await atOnce.addEach(messages.slice(0, AT_ONCE));
  const [kept, keptAtOnce] = [(await inTurns.read()).length, (await atOnce.read()).length];
  await community.release();
  return `In ${community.name}, messages of one millisecond overwrite each other: it kept ${kept} of the ${2 * TURNS} messages of ${TURNS} turns one after the other, and ${keptAtOnce} of ${AT_ONCE} adds at once. Of what it gives back only the number is compared with what was written, and what it reads was written at one message a millisecond. It opens a client for each history, and has no method that closes it: the benchmark closes them after each operation of this table.`;
}
