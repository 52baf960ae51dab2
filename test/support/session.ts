import { randomBytes, randomUUID } from "node:crypto";
import { type BaseMessage, HumanMessage } from "@langchain/core/messages";
import { Client, type ClientOptions } from "cassandra-driver";
import { afterAll, afterEach, beforeAll, expect, inject } from "vitest";
import { CassandraChatMessageHistory, type CassandraChatMessageHistoryOptions } from "../../src/index.ts";

/** A client of the test cluster, shut down when the file's tests have ended. */
export function openClient(options: Partial<ClientOptions> = {}): Client {
  const client = new Client({
    contactPoints: [...inject("contactPoints")],
    localDataCenter: inject("localDataCenter"),
    ...options,
  });
  afterAll(() => client.shutdown());
  return client;
}

/** A client for a test that needs one and sends nothing. */
export function unconnectedClient(): Client {
  return new Client({ contactPoints: ["127.0.0.1"], localDataCenter: "datacenter1" });
}

/** Where the test cluster is, as programs in test/programs take it. */
export function clusterArguments(): [contactPoints: string, localDataCenter: string] {
  return [inject("contactPoints").join(","), inject("localDataCenter")];
}

/** Where the test cluster is, as the examples take it. */
export function clusterEnvironment(): NodeJS.ProcessEnv {
  const [contactPoints, localDataCenter] = clusterArguments();
  return { ...process.env, CASSANDRA_CONTACT_POINTS: contactPoints, CASSANDRA_LOCAL_DC: localDataCenter };
}

/** A keyspace for the test file alone. It is dropped at the end, or kept for a look where a test failed. */
export function ownKeyspace(client: Client): string {
  const file = /([^/]+)\.test\.ts$/.exec(expect.getState().testPath ?? "")?.[1] ?? "test";
  const keyspace = `${file.replaceAll(/\W/g, "_").slice(0, 30)}_${randomBytes(4).toString("hex")}`;
  let failed = false;
  beforeAll(() => createKeyspace(client, keyspace));
  afterEach(({ task }) => {
    failed ||= task.result?.state === "fail";
  });
  afterAll(async () => {
    if (!failed) await client.execute(`DROP KEYSPACE "${keyspace}"`);
  });
  return keyspace;
}

export async function createKeyspace(client: Client, keyspace: string): Promise<void> {
  await client.execute(
    `CREATE KEYSPACE "${keyspace}" WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}`,
  );
}

/** A history of a new session, unless one is named. */
export function openHistory(
  options: Omit<CassandraChatMessageHistoryOptions, "sessionId"> & { readonly sessionId?: string },
): CassandraChatMessageHistory {
  return new CassandraChatMessageHistory({ sessionId: randomUUID(), ...options });
}

/** Appends one message and gives its id. */
export async function appendOne(
  history: CassandraChatMessageHistory,
  message: BaseMessage = new HumanMessage("message 0"),
): Promise<string> {
  const [entry] = await history.append([message]);
  if (entry === undefined) throw new Error("expected the entry of the message");
  return entry.id;
}
