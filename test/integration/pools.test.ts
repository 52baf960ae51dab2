import { setTimeout } from "node:timers/promises";
import { inspect } from "node:util";
import { HumanMessage } from "@langchain/core/messages";
import type { Client } from "cassandra-driver";
import { beforeAll, describe, expect, test } from "vitest";
import { type CassandraChatMessageHistory, createTableStatement } from "../../src/index.ts";
import { failureOf } from "../support/failure.ts";
import { openClient, openHistory, ownKeyspace } from "../support/session.ts";

const SESSIONS = 2000;
const admin = openClient();
const keyspace = ownKeyspace(admin);
beforeAll(() => admin.execute(createTableStatement({ keyspace })));

function openAll(client: Client): CassandraChatMessageHistory[] {
  return Array.from({ length: SESSIONS }, () => openHistory({ client, keyspace }));
}

describe.each([
  [1, 1],
  [2, 1],
  [3, 2],
  [64, 1],
  [64, 3],
  [256, 1],
])("%i requests on a connection, %i connections to a node", (maxRequestsPerConnection, connections) => {
  test(`${SESSIONS} unawaited adds, reads and edits in as many sessions: none is refused`, async () => {
    // Not connected yet: the first call connects.
    const client = openClient({
      pooling: { maxRequestsPerConnection, coreConnectionsPerHost: { 0: connections, 1: connections } },
    });
    const histories = openAll(client);
    const entries = await Promise.all(histories.map((history) => history.append([new HumanMessage("x")])));
    await Promise.all(
      histories.map((history, at) => history.update(entries[at]?.[0]?.id ?? "", new HumanMessage("y"))),
    );
    const read = await Promise.all(histories.map((history) => history.getMessages()));
    expect(new Set(read.map((messages) => messages.map(({ text }) => text).join()))).toEqual(new Set(["y"]));
    const counted = await Promise.all(histories.map((history) => history.count()));
    expect(new Set(counted)).toEqual(new Set([1]));
    await Promise.all(histories.slice(0, 200).map((history) => history.clear()));
  });
});

test.each([1, 8, 64])(
  "the application fills all connections, of %i requests, by itself: none of ours is refused",
  async (most) => {
    const client = openClient({ pooling: { maxRequestsPerConnection: most } });
    await client.connect();
    let running = true;
    let refused = 0;
    // Bursts of twice what the connection takes.
    const fill = async (): Promise<void> => {
      while (running) {
        await client.execute("SELECT * FROM system_schema.columns", [], { fetchSize: 20 }).catch(() => {
          refused += 1;
        });
        await setTimeout(2);
      }
    };
    const fillers = Array.from({ length: 2 * most }, fill);
    try {
      const histories = openAll(client).slice(0, 300);
      await Promise.all(histories.map((history) => history.addUserMessage("x")));
      const counted = await Promise.all(histories.map((history) => history.count()));
      expect(new Set(counted)).toEqual(new Set([1]));
    } finally {
      running = false;
      await Promise.all(fillers);
    }
    expect(refused).toBeGreaterThan(0);
  },
);

test("connections that are lost meanwhile: the calls go on over those that are left", async () => {
  const connections = 4;
  const pooling = { maxRequestsPerConnection: 16, coreConnectionsPerHost: { 0: connections, 1: connections } };
  const client = openClient({ pooling });
  const histories = openAll(client);
  await Promise.all(histories.map((history) => history.addUserMessage("x")));
  const state = client.getState();
  expect(state.getConnectedHosts().map((host) => state.getOpenConnections(host))).toEqual([connections]);
  const calls = Promise.allSettled(histories.map((history) => history.addUserMessage("x")));
  await setTimeout(1);
  for (let lost = 1; lost < connections; lost += 1) loseConnection(client);
  const failed = (await calls).filter((outcome) => outcome.status === "rejected");
  // What was on its way over a lost connection may be stored or not: the driver has no other node to ask.
  expect(failed.length).toBeLessThanOrEqual(16);
  for (const { reason } of failed) expect(inspect(reason, { depth: 5 })).toContain("Socket was closed");
  await Promise.all(histories.map((history) => history.addUserMessage("x")));
});

/** Ends the newest connection: the oldest one is also that of the driver's own requests. */
function loseConnection(client: Client): void {
  for (const host of client.hosts.values()) {
    const pool: unknown = Reflect.get(host, "pool");
    const connections = Reflect.get(Object(pool), "connections") as { netClient: { destroy(): void } }[];
    const newest = connections.findLast(({ netClient }) => !Reflect.get(netClient, "destroyed"));
    newest?.netClient.destroy();
  }
}

test("a cluster that is gone is no busy pool: the calls fail, and none waits for ever", async () => {
  const client = openClient({ pooling: { maxRequestsPerConnection: 4 } });
  const history = openHistory({ client, keyspace });
  await history.count();
  await client.shutdown();
  const calls = Array.from({ length: 50 }, () => openHistory({ client, keyspace }).addUserMessage("x"));
  for (const error of await Promise.all(calls.map(failureOf))) expect(error.code).toBe("WRITE_FAILED");
});
