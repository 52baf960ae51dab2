import type { Client } from "cassandra-driver";
import type { CassandraChatMessageHistory } from "../../src/index.ts";
import { LangChainContender } from "./langchain.ts";

/** What a user installs, not the sources through a loader. */
const BUILT = new URL("../../dist/index.js", import.meta.url).href;
const library: typeof import("../../src/index.ts") = await import(BUILT);

export function libraryContender(client: Client, keyspace: string): LangChainContender<CassandraChatMessageHistory> {
  return new LangChainContender(
    "this library",
    (sessionId) => new library.CassandraChatMessageHistory({ client, keyspace, sessionId }),
    { newest: (history, maxMessages) => history.getMessages({ maxMessages }) },
  );
}
