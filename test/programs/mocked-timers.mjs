/**
 * The first use of a table, under the fake timers of Node's own test runner, which replace the functions of `node:timers/promises`
 * as well. The library is the ES module or the CommonJS build, imported before the timers are replaced or after. Twice, the node
 * does not know the table yet. Writes what was read, as JSON, on its standard output.
 */
import { createRequire } from "node:module";
import { mock } from "node:test";
import { Client, errors, types } from "cassandra-driver";
import "@langchain/core/messages";

const [contactPoints = "", localDataCenter = "", keyspace = "", build = "", when = ""] = process.argv.slice(2);
const require = createRequire(import.meta.url);
require("@langchain/core/messages");
const load = () => (build === "CommonJS" ? require("../../dist/index.cjs") : import("../../dist/index.js"));

const client = new Client({ contactPoints: contactPoints.split(","), localDataCenter });
await client.connect();
if (when === "before") await load();
mock.timers.enable();
const { CassandraChatMessageHistory } = await load();
if (when === "after, and real again") mock.timers.reset();

let refusals = 0;
const refusing = new Proxy(client, {
  get: (target, key) => {
    if (key !== "execute") return Reflect.get(target, key, target);
    return async (query, ...rest) => {
      if (!/ IN \(\)$/.test(query) || refusals === 2) return target.execute(query, ...rest);
      refusals += 1;
      throw new errors.ResponseError(types.responseErrorCodes.invalid, "unconfigured table");
    };
  },
});
const table = `mocked_${build}_${when}`.replaceAll(/\W/g, "_").toLowerCase();
const history = new CassandraChatMessageHistory({ client: refusing, keyspace, table, sessionId: "session" });
await history.addUserMessage("hi!");
console.log(JSON.stringify({ refusals, read: (await history.getMessages()).map(({ text }) => text) }));
// The client was opened and used under timers that never come: it would not shut down.
process.exit();
