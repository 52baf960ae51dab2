import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import type { BaseListChatMessageHistory } from "@langchain/core/chat_history";
import { type Server, startPostgres, startRedis } from "../servers.ts";
import type { Contender } from "./contender.ts";
import { LangChainContender } from "./langchain.ts";

const folder = fileURLToPath(new URL("../peers/", import.meta.url));
const resolveIn = createRequire(`${folder}package.json`).resolve;

/** What can be had, with the versions of their servers, and in words what cannot. */
export interface Peers {
  readonly contenders: readonly Contender[];
  readonly versions: readonly string[];
  readonly missing: readonly string[];
}

/** Classes that the rounds of one process cannot hold. */
const LEFT_OUT: readonly string[] = [
  "@langchain/community Cassandra: it opens a client of its own for each history and has no method that closes it, so that the many histories of these rounds would end in thousands of connections",
  "LangChain's Python class: another process and language, which cannot take turns in the rounds of this one",
];

type History = new (fields: object) => BaseListChatMessageHistory;

export async function startPeers(): Promise<Peers> {
  const install = ["install", "--legacy-peer-deps", "--no-audit", "--no-fund", "--no-package-lock", "--silent"];
  await promisify(execFile)("npm", install, { cwd: folder });
  const started = await Promise.allSettled([redis(), postgres()]);
  const names = ["@langchain/redis", "@langchain/community Postgres"];
  const found = started.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  return {
    contenders: found.map(({ contender }) => contender),
    versions: found.map(({ version }) => version),
    missing: [
      ...started.flatMap((one, at) => (one.status === "rejected" ? [`${names[at]}: ${one.reason.message}`] : [])),
      ...LEFT_OUT,
    ],
  };
}

interface Started {
  readonly contender: Contender;
  readonly version: string;
}

async function redis(): Promise<Started> {
  const server = await startRedis();
  const [{ RedisChatMessageHistory }, { createClient }] = await Promise.all([
    load<{ RedisChatMessageHistory: History }>("@langchain/redis"),
    load<{ createClient: (options: object) => { connect(): Promise<unknown>; quit(): Promise<unknown> } }>("redis"),
  ]);
  const client = createClient({ url: `redis://127.0.0.1:${server.port}` });
  await client.connect();
  const make = (sessionId: string): BaseListChatMessageHistory => new RedisChatMessageHistory({ sessionId, client });
  return held("@langchain/redis", server, make, () => client.quit());
}

async function postgres(): Promise<Started> {
  const server = await startPostgres();
  const [{ PostgresChatMessageHistory }, { default: pg }] = await Promise.all([
    load<{ PostgresChatMessageHistory: History }>("@langchain/community/stores/message/postgres"),
    load<{ default: { Pool: new (options: object) => { end(): Promise<unknown> } } }>("pg"),
  ]);
  const pool = new pg.Pool({ host: "127.0.0.1", port: server.port, user: "bench", database: "postgres", max: 64 });
  const make = (sessionId: string): BaseListChatMessageHistory => new PostgresChatMessageHistory({ sessionId, pool });
  return held("@langchain/community Postgres", server, make, () => pool.end());
}

function held(
  name: string,
  server: Server,
  make: (sessionId: string) => BaseListChatMessageHistory,
  close: () => Promise<unknown>,
): Started {
  const stop = async (): Promise<void> => {
    await close();
    await server.stop();
  };
  return { version: server.version, contender: new LangChainContender(name, make, undefined, stop) };
}

/** A package that only the benchmark's own folder has. */
async function load<Module>(name: string): Promise<Module> {
  return import(pathToFileURL(resolveIn(name)).href);
}
