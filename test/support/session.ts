import { randomBytes, randomUUID } from "node:crypto";
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

/** A keyspace of the test file's own, dropped at the end, but kept to be looked at where a test failed. */
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

/** A history of a new session, where no other is named. */
export function openHistory(
  options: Omit<CassandraChatMessageHistoryOptions, "sessionId"> & { readonly sessionId?: string },
): CassandraChatMessageHistory {
  return new CassandraChatMessageHistory({ sessionId: randomUUID(), ...options });
}
