/** Reads a session through `entries`. Prints how many entries there were, and by how many MiB the process's memory grew. */
import { Client } from "cassandra-driver";
import { CassandraChatMessageHistory } from "../../src/index.ts";

const [contactPoints = "", localDataCenter = "", keyspace = "", sessionId = ""] = process.argv.slice(2);
const client = new Client({ contactPoints: contactPoints.split(","), localDataCenter });
const history = new CassandraChatMessageHistory({ client, keyspace, sessionId });

await history.getPage({ limit: 1000 });
globalThis.gc?.();
const start = process.memoryUsage.rss();
let peak = start;
let count = 0;
let newest = "";
for await (const entry of history.entries()) {
  if (entry.id === newest) throw new Error("the same entry twice");
  newest = entry.id;
  count += 1;
  if (count % 500 === 0) peak = Math.max(peak, process.memoryUsage.rss());
}
console.log(JSON.stringify({ count, grownMiB: (peak - start) / 2 ** 20 }));
await client.shutdown();
