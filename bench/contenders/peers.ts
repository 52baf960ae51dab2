import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import type { BaseListChatMessageHistory } from "@langchain/core/chat_history";
import { type Server, startPostgres, startRedis } from "../servers.ts";
import { type Cluster, communityContender, describeLosses } from "./community.ts";
import type { Contender, RemoteContender } from "./contender.ts";
import { LangChainContender } from "./langchain.ts";
import { PythonContender } from "./python.ts";

const folder = fileURLToPath(new URL("../peers/", import.meta.url));
const resolveIn = createRequire(`${folder}package.json`).resolve;

/** What can be had, with the versions of their servers, and in words what cannot. */
export interface Peers {
  readonly contenders: readonly Contender[];
  readonly remotes: readonly RemoteContender[];
  readonly versions: readonly string[];
  readonly missing: readonly string[];
  /** What there is to know of a peer's figures. */
  readonly notes: readonly string[];
}

type History = new (fields: object) => BaseListChatMessageHistory;

/** Those on a database of their own, and those on the same Cassandra. */
export async function startPeers(cluster: Cluster): Promise<Peers> {
  const install = ["install", "--legacy-peer-deps", "--no-audit", "--no-fund", "--no-package-lock", "--silent"];
  await promisify(execFile)("npm", install, { cwd: folder });
  const found = await Promise.all([
    attempt("@langchain/redis", redis()),
    attempt("@langchain/community Postgres", postgres()),
    attempt("@langchain/community Cassandra", community(cluster)),
    attempt("LangChain's Python class", python(cluster)),
  ]);
  return {
    contenders: found.flatMap(({ contender }) => contender ?? []),
    remotes: found.flatMap(({ remote }) => remote ?? []),
    versions: found.flatMap(({ version }) => version ?? []),
    missing: found.flatMap(({ missing }) => missing ?? []),
    notes: found.flatMap(({ note }) => note ?? []),
  };
}

interface Started {
  readonly contender?: Contender;
  readonly remote?: RemoteContender;
  readonly version?: string;
  readonly note?: string;
  readonly missing?: string;
}

function attempt(name: string, peer: Promise<Started>): Promise<Started> {
  return peer.catch((error: unknown) => ({
    missing: `${name}: ${error instanceof Error ? error.message : String(error)}`,
  }));
}

async function community(cluster: Cluster): Promise<Started> {
  const contender = await communityContender(cluster);
  return { contender, note: await describeLosses(contender) };
}

async function python({ contactPoints, keyspace }: Cluster): Promise<Started> {
  const remote = await PythonContender.start(contactPoints, keyspace);
  return { remote, note: await remote.describe() };
}

async function redis(): Promise<Started> {
  const [{ RedisChatMessageHistory }, { createClient }] = await Promise.all([
    load<{ RedisChatMessageHistory: History }>("@langchain/redis"),
    load<{ createClient: (options: object) => { connect(): Promise<unknown>; quit(): Promise<unknown> } }>("redis"),
  ]);
  const server = await startRedis();
  const client = createClient({ url: `redis://127.0.0.1:${server.port}` });
  await client.connect();
  const make = (sessionId: string): BaseListChatMessageHistory => new RedisChatMessageHistory({ sessionId, client });
  return held("@langchain/redis", server, make, () => client.quit());
}

interface PgPool {
  on(event: "error", listener: () => void): unknown;
  end(): Promise<unknown>;
}

async function postgres(): Promise<Started> {
  const [{ PostgresChatMessageHistory }, { default: pg }] = await Promise.all([
    load<{ PostgresChatMessageHistory: History }>("@langchain/community/stores/message/postgres"),
    load<{ default: { Pool: new (options: object) => PgPool } }>("pg"),
  ]);
  const server = await startPostgres();
  const pool = new pg.Pool({ host: "127.0.0.1", port: server.port, user: "bench", database: "postgres", max: 64 });
  // Connections that the server ends when it is stopped.
  pool.on("error", () => {});
  const make = (sessionId: string): BaseListChatMessageHistory => new PostgresChatMessageHistory({ sessionId, pool });
  const name = "@langchain/community Postgres";
  const note = `${name} makes its table without an index on the session, so that each read looks at every row of all sessions.`;
  return { ...held(name, server, make, () => pool.end()), note };
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
  return { version: server.version, contender: new LangChainContender(name, make, { stop }) };
}

/** A package that only the benchmark's own folder has. */
async function load<Module>(name: string): Promise<Module> {
  return import(pathToFileURL(resolveIn(name)).href);
}
