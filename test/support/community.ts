import { execFile } from "node:child_process";
import { access, mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import type { BaseListChatMessageHistory } from "@langchain/core/chat_history";
import type { Client } from "cassandra-driver";

const run = promisify(execFile);
const VERSION = "1.1.29";
/** Git ignores this folder. It is inside the checkout, so that the package finds this checkout's core and driver. */
const folder = resolve(import.meta.dirname, "../../.community", VERSION);

interface CommunityOptions {
  readonly contactPoints: string[];
  readonly localDataCenter: string;
  readonly keyspace: string;
  readonly table: string;
  readonly sessionId: string;
}
type CommunityHistory = new (options: CommunityOptions) => BaseListChatMessageHistory;

/** `CassandraChatMessageHistory` of `@langchain/community`. Only that package is downloaded, without its hundreds of peers. */
export async function loadCommunityHistory(): Promise<CommunityHistory> {
  const program = join(folder, "package/dist/stores/message/cassandra.js");
  const there = await access(program).then(
    () => true,
    () => false,
  );
  if (!there) {
    await mkdir(folder, { recursive: true });
    await run("npm", ["pack", "--silent", `@langchain/community@${VERSION}`, "--pack-destination", folder]);
    await run("tar", ["-xzf", `langchain-community-${VERSION}.tgz`], { cwd: folder });
  }
  const { CassandraChatMessageHistory } = await import(pathToFileURL(program).href);
  return CassandraChatMessageHistory;
}

/** That class opens a client for each history on first use, and has no method that closes it. */
export async function closeCommunityHistory(history: BaseListChatMessageHistory): Promise<void> {
  const client: Client | undefined = await Reflect.get(history, "cassandraTable")?.getClient();
  await client?.shutdown();
}
