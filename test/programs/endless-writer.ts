/**
 * Adds numbered turns of several messages until it is killed. It begins when it gets a message.
 */
import { HumanMessage } from "@langchain/core/messages";
import { Client, types } from "cassandra-driver";
import { CassandraChatMessageHistory } from "../../src/index.ts";

const [contactPoints = "", localDataCenter = "", keyspace = "", table = "", sessionId = ""] = process.argv.slice(2);
const client = new Client({
  contactPoints: contactPoints.split(","),
  localDataCenter,
  queryOptions: { consistency: types.consistencies.localQuorum },
});
const history = new CassandraChatMessageHistory({ client, keyspace, table, sessionId });
await history.setup();

process.once("disconnect", () => process.exit(0));
process.once("message", async () => {
  for (let turn = 0; ; turn += 1) {
    const length = 2 + (turn % 4);
    await history.addMessages(
      Array.from({ length }, (_, at) => new HumanMessage(JSON.stringify({ writer: process.pid, turn, at, length }))),
    );
  }
});
process.send?.("ready");
