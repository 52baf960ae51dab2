/**
 * One of many processes that use a table for the first time at the same moment. When it gets the name of a table, it adds
 * messages to a session of its own, one after the other. It answers which were acknowledged, and how the others failed.
 */
import { HumanMessage } from "@langchain/core/messages";
import { Client, types } from "cassandra-driver";
import { CassandraChatMessageHistory } from "../../src/index.ts";

const [contactPoint = "", localDataCenter = "", keyspace = "", sessionId = "", messages = "0"] = process.argv.slice(2);
const client = new Client({
  contactPoints: [contactPoint],
  localDataCenter,
  queryOptions: { consistency: types.consistencies.localQuorum },
});
await client.connect();

process.on("message", async (table: string) => {
  const history = new CassandraChatMessageHistory({ client, keyspace, sessionId, table });
  const errors: string[] = [];
  const acknowledged: string[] = [];
  for (let at = 0; at < Number(messages); at += 1) {
    try {
      await history.addMessage(new HumanMessage(`${sessionId}: ${at}`));
      acknowledged.push(`${sessionId}: ${at}`);
    } catch (error) {
      const cause = error instanceof Error ? error.cause : undefined;
      errors.push(`${error}${cause === undefined ? "" : ` <- ${cause}`}`);
    }
  }
  process.send?.({ table, acknowledged, errors });
});
process.once("disconnect", () => void client.shutdown());
process.send?.("ready");
