/**
 * One of many processes that use both tables for the first time at the same moment: told the name of a table, it adds to a session
 * of its own, and answers which calls failed, and how.
 */
import { HumanMessage } from "@langchain/core/messages";
import { Client } from "cassandra-driver";
import { CassandraChatSessions } from "../../src/index.ts";

const [contactPoints = "", localDataCenter = "", keyspace = "", userId = "", sessionId = ""] = process.argv.slice(2);
const client = new Client({ contactPoints: contactPoints.split(","), localDataCenter });
await client.connect();

process.on("message", async (table: string) => {
  const sessions = new CassandraChatSessions({ client, keyspace, table });
  const errors: string[] = [];
  const history = sessions.open(userId, sessionId);
  const adds = [1, 2, 3].map((at) =>
    history.addMessage(new HumanMessage(`${at}`)).catch((error) => errors.push(`${error}`)),
  );
  await Promise.all([
    ...adds,
    sessions.update(userId, "none", {}).catch((error) => error.code !== "NOT_FOUND" && errors.push(`${error}`)),
  ]);
  process.send?.(errors);
});
process.once("disconnect", () => void client.shutdown());
process.send?.("ready");
