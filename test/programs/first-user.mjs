/**
 * One of many processes that use a table for the first time at the same moment: told the name of a table, it adds messages
 * to a session of its own, one after the other, and answers which were acknowledged and how the others failed.
 * On the built package and without a compiler: 20 of them start at once.
 */
import { HumanMessage } from "@langchain/core/messages";
import { Client, types } from "cassandra-driver";
import { CassandraChatMessageHistory } from "langchain-cassandra-history";

const [contactPoint = "", localDataCenter = "", keyspace = "", sessionId = "", messages = "0"] = process.argv.slice(2);
const client = new Client({
  contactPoints: [contactPoint],
  localDataCenter,
  queryOptions: { consistency: types.consistencies.localQuorum },
});
await client.connect();

process.on("message", async (table) => {
  const history = new CassandraChatMessageHistory({ client, keyspace, sessionId, table });
  const errors = [];
  const acknowledged = [];
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
