/** A process of its own that reads a session in one way, and prints by how many MiB its memory grew at most. */
import { Client } from "cassandra-driver";

const library: typeof import("../src/index.ts") = await import(new URL("../dist/index.js", import.meta.url).href);
const [contactPoints = "", localDataCenter = "", keyspace = "", sessionId = "", way = ""] = process.argv.slice(2);
const client = new Client({ contactPoints: contactPoints.split(","), localDataCenter });
const history = new library.CassandraChatMessageHistory({ client, keyspace, sessionId });

// What connecting and the first page cost is not the length's.
for await (const _ of history.entries({ limit: 1000 }));
globalThis.gc?.();
const idle = process.memoryUsage.rss();
let peak = idle;
const look = (): void => {
  peak = Math.max(peak, process.memoryUsage.rss());
};
let count = 0;
if (way === "entries") {
  for await (const _ of history.entries()) if (++count % 500 === 0) look();
} else {
  const timer = setInterval(look, 5);
  count = (await history.getMessages()).length;
  clearInterval(timer);
}
look();
console.log(JSON.stringify({ count, grownMiB: (peak - idle) / 2 ** 20 }));
await client.shutdown();
