/**
 * One session, used through the library as it is built: its ES module, and its CommonJS build where two copies are asked for.
 * The clock goes back between its calls. Writes what was read, as JSON, on its standard output.
 */
import { createRequire } from "node:module";
import { performance } from "node:perf_hooks";
import { Client } from "cassandra-driver";
import "@langchain/core/messages";

const [contactPoints = "", localDataCenter = "", keyspace = "", sessionId = "", copies = "", world = ""] =
  process.argv.slice(2);
const require = createRequire(import.meta.url);
require("@langchain/core/messages");
const realNow = Date.now;

if (world === "no new globals") Object.preventExtensions(globalThis);
if (world === "nothing new at all") for (const holder of [globalThis, process]) Object.preventExtensions(holder);
if (world === "a broken clock at import") {
  Date.now = () => Number.NaN;
  Object.defineProperty(performance, "timeOrigin", { value: () => 0, configurable: true });
}

const { CassandraChatMessageHistory: One } = await import("../../dist/index.js");
const { CassandraChatMessageHistory: Other } =
  copies === "two" ? require("../../dist/index.cjs") : { CassandraChatMessageHistory: One };
Date.now = realNow;
delete performance.timeOrigin;

const client = new Client({ contactPoints: contactPoints.split(","), localDataCenter });
const [one, other] = [One, Other].map((History) => new History({ client, keyspace, sessionId }));
const texts = async () => (await one.getMessages()).map(({ text }) => text);
const seen = [];
await one.addUserMessage("a");
const [first] = (await one.getPage({ limit: 1 })).entries;
const isDatedNow = Math.abs(first.createdAt.getTime() - realNow()) < 10_000;
const offset = { millis: -5000 };
Date.now = () => realNow() + offset.millis;
await other.addUserMessage("b");
offset.millis = -10_000;
await one.addUserMessage("c");
seen.push(await texts());
offset.millis = 60_000;
await one.clear();
offset.millis = 0;
await other.addUserMessage("d");
offset.millis = -60_000;
await one.addUserMessage("e");
seen.push(await texts());
await client.shutdown();
console.log(JSON.stringify({ seen, copies: One === Other ? "one" : "two", isDatedNow }));
