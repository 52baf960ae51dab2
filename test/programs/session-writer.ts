/**
 * Adds to ever new sessions of one user, two adds each, without an end, from the moment it is told to; it is there to be killed.
 */
import { HumanMessage } from "@langchain/core/messages";
import { Client } from "cassandra-driver";
import { CassandraChatSessions } from "../../src/index.ts";

const [contactPoints = "", localDataCenter = "", keyspace = "", userId = "", name = ""] = process.argv.slice(2);
const client = new Client({ contactPoints: contactPoints.split(","), localDataCenter });
const sessions = new CassandraChatSessions({ client, keyspace });
await sessions.setup();

process.once("disconnect", () => process.exit(0));
process.once("message", async () => {
  const write = async (lane: number): Promise<void> => {
    for (let at = 0; ; at += 1) {
      const history = sessions.open(userId, `${name}/${lane}/${at}`);
      await history.addMessage(new HumanMessage("first"));
      await history.addMessage(new HumanMessage("second"));
    }
  };
  await Promise.all([0, 1, 2, 3].map(write));
});
process.send?.("ready");
