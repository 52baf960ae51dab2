import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const run = promisify(execFile);
const root = resolve(import.meta.dirname, "../..");
let folder = "";

/** What a user's program needs beside the tarball, in the versions that this checkout has. */
const peers = ["@langchain/core", "cassandra-driver", "typescript", "@types/node"];

async function install(...packages: string[]): Promise<void> {
  await run("npm", ["install", "--no-audit", "--no-fund", "--prefer-offline", ...packages], { cwd: folder });
}

async function withVersions(names: readonly string[]): Promise<string[]> {
  const { stdout } = await run("npm", ["ls", "--json", "--depth=0"], { cwd: root });
  const installed: Record<string, { version: string }> = JSON.parse(stdout).dependencies;
  return names.map((name) => `${name}@${installed[name]?.version}`);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "consumer-"));
  await run("npm", ["pack", "--ignore-scripts", "--pack-destination", folder], { cwd: root });
  const tarball = (await readdir(folder)).find((file) => file.endsWith(".tgz"));
  await writeFile(join(folder, "package.json"), '{ "private": true }');
  await install(`./${tarball}`, ...(await withVersions(peers)));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const check = (BaseList: string): string => `
const client = new Client({ contactPoints: ["127.0.0.1"], localDataCenter: "datacenter1" });
const history = new CassandraChatMessageHistory({ client, keyspace: "app", sessionId: "s" });
if (!(history instanceof ${BaseList})) throw new Error("not an instance of core's class");
let code;
try { new CassandraChatMessageHistory({ client, keyspace: "", sessionId: "s" }); } catch (error) { code = error instanceof CassandraHistoryError && error.code; }
if (code !== "INVALID_OPTION") throw new Error(String(code));
console.log(Object.keys(library).sort().join());
`;
const names =
  "CassandraChatMessageHistory,CassandraChatSessions,CassandraHistoryError,PYTHON_COLUMNS,chatSessionKey,createSessionsTableStatement,createTableStatement";

async function runProgram(name: string, program: string): Promise<string> {
  await writeFile(join(folder, name), program);
  return (await run(process.execPath, [name], { cwd: folder })).stdout.trim();
}

test("import: the class is core's as import sees it", async () => {
  const program = `import { Client } from "cassandra-driver";
import { BaseListChatMessageHistory } from "@langchain/core/chat_history";
import * as library from "langchain-cassandra-history";
const { CassandraChatMessageHistory, CassandraHistoryError } = library;
${check("BaseListChatMessageHistory")}`;
  expect(await runProgram("consumer.mjs", program)).toBe(names);
});

test("require: the class is core's as require sees it", async () => {
  const program = `const { Client } = require("cassandra-driver");
const { BaseListChatMessageHistory } = require("@langchain/core/chat_history");
const library = require("langchain-cassandra-history");
const { CassandraChatMessageHistory, CassandraHistoryError } = library;
${check("BaseListChatMessageHistory")}`;
  expect(await runProgram("consumer.cjs", program)).toBe(names);
});

test("import and require in one process share the clock", async () => {
  const program = `import { createRequire } from "node:module";
import { CassandraChatMessageHistory as One } from "langchain-cassandra-history";
const { CassandraChatMessageHistory: Other } = createRequire(import.meta.url)("langchain-cassandra-history");
const { HumanMessage } = await import("@langchain/core/messages");
const rows = { rows: [{ id: "00000000-0000-1000-8000-000000000000", column_name: "session_id", kind: "partition_key", type: "text" }, { column_name: "message_id", kind: "clustering", type: "timeuuid" }, { column_name: "message", kind: "regular", type: "text" }] };
const client = { execute: async () => rows, batch: async () => ({}) };
const [one, other] = [One, Other].map((History) => new History({ client, keyspace: "app", sessionId: "s" }));
const ids = [];
for (let at = 0; at < 100; at += 1) for (const history of [one, other]) ids.push((await history.append([new HumanMessage("x")]))[0].id);
console.log(One !== Other, new Set(ids).size, new Set(ids.map((id) => id.slice(19))).size);`;
  expect(await runProgram("both.mjs", program)).toBe("true 200 1");
});

test("a worker thread makes ids of its own", async () => {
  const program = `import { isMainThread, parentPort, Worker } from "node:worker_threads";
import { HumanMessage } from "@langchain/core/messages";
import { CassandraChatMessageHistory } from "langchain-cassandra-history";
const rows = { rows: [{ id: "00000000-0000-1000-8000-000000000000", column_name: "session_id", kind: "partition_key", type: "text" }, { column_name: "message_id", kind: "clustering", type: "timeuuid" }, { column_name: "message", kind: "regular", type: "text" }] };
const client = { execute: async () => rows, batch: async () => ({}) };
const history = new CassandraChatMessageHistory({ client, keyspace: "app", sessionId: "s" });
const [{ id }] = await history.append([new HumanMessage("x")]);
if (!isMainThread) parentPort.postMessage(id);
else new Worker(new URL(import.meta.url)).once("message", (other) => console.log(id.slice(19) !== other.slice(19)));`;
  expect(await runProgram("worker.mjs", program)).toBe("true");
});

async function compile(module: string, ...files: string[]): Promise<void> {
  const options = ["--strict", "--exactOptionalPropertyTypes", "--skipLibCheck", "--noEmit", "--types", "node"];
  await run(join(folder, "node_modules/.bin/tsc"), ["--module", module, ...options, ...files], { cwd: folder });
}

describe.each(["node16", "nodenext"])("tsc with module %s", (module) => {
  test.each(["mts", "cts"])("compiles a .%s consumer", async (extension) => {
    const file = `consumer-${module}.${extension}`;
    await writeFile(
      join(folder, file),
      `import { Client } from "cassandra-driver";
import type { BaseListChatMessageHistory } from "@langchain/core/chat_history";
import { CassandraChatMessageHistory, type ChatHistoryEntry, createTableStatement, PYTHON_COLUMNS } from "langchain-cassandra-history";
declare const client: Client;
export const history: BaseListChatMessageHistory = new CassandraChatMessageHistory({ client, keyspace: "app", sessionId: "s", columns: PYTHON_COLUMNS });
export const statement: string = createTableStatement({ keyspace: "app" });
export const entries: Promise<ChatHistoryEntry[]> = new CassandraChatMessageHistory({ client, keyspace: "app", sessionId: "s" }).append([]);
// @ts-expect-error an unknown option
new CassandraChatMessageHistory({ client, keyspace: "app", sessionId: "s", ttl: 1 });
`,
    );
    await compile(module, file);
  });
});

test("the tarball holds the build and its three documents, and nothing else", async () => {
  const files = await readdir(join(folder, "node_modules/langchain-cassandra-history"), { recursive: true });
  // What both entry points share has a hash in its name.
  const names = files
    .filter((file) => !file.endsWith(".map"))
    .map((file) => file.replace(/-[\w-]{8}(?=\.c?js$)/, "-#"));
  expect(names.sort()).toEqual([
    "CHANGELOG.md",
    "LICENSE",
    "README.md",
    "dist",
    "dist/agent.cjs",
    "dist/agent.d.cts",
    "dist/agent.d.ts",
    "dist/agent.js",
    "dist/index.cjs",
    "dist/index.d.cts",
    "dist/index.d.ts",
    "dist/index.js",
    "dist/window-#.cjs",
    "dist/window-#.js",
    "package.json",
  ]);
});

describe("the agent's entry point", () => {
  test("needs LangChain to load, and the main entry point does not", async () => {
    const program = `import { CassandraChatMessageHistory } from "langchain-cassandra-history";
const { code, message } = await import("langchain-cassandra-history/agent").catch((error) => error);
console.log(typeof CassandraChatMessageHistory, code, /'langchain'/.test(message));`;
    expect(await runProgram("without.mjs", program)).toBe("function ERR_MODULE_NOT_FOUND true");
  });

  describe("with LangChain", () => {
    beforeAll(async () => install(...(await withVersions(["langchain", "@langchain/langgraph"]))));

    const turn = `
const history = new InMemoryChatMessageHistory();
const model = fakeModel().respond(new AIMessage("whats up?")).respond(({ length }) => new AIMessage(String(length)));
const agent = createAgent({ model, tools: [], middleware: [chatHistoryMiddleware({ history })] });
let code;
try { chatHistoryMiddleware({}); } catch (error) { code = error instanceof CassandraHistoryError && error.code; }
const talk = async () => {
  for (const content of ["hi!", "again"]) await agent.invoke({ messages: [{ role: "user", content }] });
  console.log(code, (await history.getMessages()).map(({ text }) => text).join());
};
talk();`;

    test("works by import", async () => {
      const program = `import { InMemoryChatMessageHistory } from "@langchain/core/chat_history";
import { AIMessage, createAgent, fakeModel } from "langchain";
import { CassandraHistoryError } from "langchain-cassandra-history";
import { chatHistoryMiddleware } from "langchain-cassandra-history/agent";${turn}`;
      expect(await runProgram("agent.mjs", program)).toBe("INVALID_OPTION hi!,whats up?,again,3");
    });

    test("works by require", async () => {
      const program = `const { InMemoryChatMessageHistory } = require("@langchain/core/chat_history");
const { AIMessage, createAgent, fakeModel } = require("langchain");
const { CassandraHistoryError } = require("langchain-cassandra-history");
const { chatHistoryMiddleware } = require("langchain-cassandra-history/agent");${turn}`;
      expect(await runProgram("agent.cjs", program)).toBe("INVALID_OPTION hi!,whats up?,again,3");
    });

    test("the main entry point does not load LangChain", async () => {
      const program = `const loaded = () => Object.keys(require.cache).some((file) => /node_modules[/](langchain|@langchain[/]langgraph)[/]/.test(file));
require("langchain-cassandra-history");
const before = loaded();
require("langchain-cassandra-history/agent");
console.log(before, loaded());`;
      expect(await runProgram("loaded.cjs", program)).toBe("false true");
    });

    test.each(["node16", "nodenext"])("compiles under tsc, %s", async (module) => {
      const program = `import { createAgent, fakeModel } from "langchain";
import type { CassandraChatMessageHistory } from "langchain-cassandra-history";
import { chatHistoryMiddleware, type ChatHistoryMiddlewareOptions } from "langchain-cassandra-history/agent";
import { z } from "zod";
declare const open: (user: string) => Promise<CassandraChatMessageHistory>;
export const options: ChatHistoryMiddlewareOptions = { history: () => open("ada"), save: "step", maxMessages: 5 };
const contextSchema = z.object({ user: z.string() });
const middleware = [chatHistoryMiddleware({ contextSchema, history: ({ context }) => open(context.user) })] as const;
export const agent = createAgent({ model: fakeModel(), tools: [], middleware });
// @ts-expect-error no such mode
chatHistoryMiddleware({ history: () => open("ada"), save: "always" });
`;
      const files = ["mts", "cts"].map((extension) => `agent-${module}.${extension}`);
      for (const file of files) await writeFile(join(folder, file), program);
      await compile(module, ...files);
    });
  });
});
