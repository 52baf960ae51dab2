import type { Client, types } from "cassandra-driver";
import { beforeAll, describe, expect, test } from "vitest";
import { createTableStatement } from "../../src/index.ts";
import { failureOf } from "../support/failure.ts";
import { METHODS } from "../support/methods.ts";
import { openClient, openHistory, ownKeyspace } from "../support/session.ts";
import { type SeenRequest, watchClient } from "../support/watch.ts";

const clients = [
  ["a client on default settings", openClient()],
  ["a client without metadata", openClient({ isMetadataSyncEnabled: false })],
  ["a client with pages of one row", openClient({ queryOptions: { fetchSize: 1 } })],
] as const;
const client = clients[0][1];
const keyspace = ownKeyspace(client);
beforeAll(() => client.execute(createTableStatement({ keyspace, table: "there" })));

/** The same answer with another row. */
function withRow(answer: types.ResultSet, row: Record<string, unknown>): types.ResultSet {
  return Object.assign(Object.create(Object.getPrototypeOf(answer)), answer, { rows: [row] });
}

/** The client, as if its cluster had this name, or this keyspace too. */
function pretend(
  real: Client,
  { name, keyspace }: { readonly name?: string; readonly keyspace?: string },
): { readonly watched: Client; readonly requests: SeenRequest[] } {
  const { watched, requests } = watchClient(real, async ({ queries: [query = ""], params }, send) => {
    if (name !== undefined && query.includes("cluster_name")) {
      const answer = await send();
      return withRow(answer, { ...answer.rows[0], cluster_name: name });
    }
    const asked = query.includes("system_schema.keyspaces") && params?.[0] === keyspace;
    return keyspace !== undefined && asked ? withRow(await send(), { keyspace_name: keyspace }) : send();
  });
  return { watched, requests };
}

const SIGNS = [
  ["by its keyspace", { keyspace: "system_schema_mcs" }],
  ["by its cluster's name", { name: "Amazon Keyspaces" }],
] as const;

describe.each(SIGNS)("Amazon Keyspaces, recognised %s", (_, sign) => {
  describe.each(clients)("with %s", (_, real) => {
    test.each([
      ["there", true],
      ["there", false],
      ["new", true],
      ["new", false],
    ])(
      "table %s, createTable %s: refused by every method, and nothing is made or written",
      async (table, createTable) => {
        const { watched, requests } = pretend(real, sign);
        for (const [name, call] of Object.entries(METHODS)) {
          const history = openHistory({ client: watched, keyspace, table, createTable });
          const error = await failureOf(call(history));
          expect([name, error.code, error.message]).toEqual([
            name,
            "SETUP_FAILED",
            "The client is connected to Amazon Keyspaces; expected Apache Cassandra or Astra DB. Amazon Keyspaces cannot be used: " +
              "its batches hold at most 30 statements and are not atomic, and it takes write times of the last and next two days " +
              "only, while an edit of an older message needs an older one. Nothing of the call was sent; the next call tries again.",
          ]);
        }
        for (const { queries } of requests) expect(queries[0]).toMatch(/^SELECT .* FROM system/);
      },
    );
  });
});

test.each([{ name: "Amazon Keyspaces of ours" }, { name: "Test Cluster" }, { keyspace: "system_schema_mcs2" }])(
  "a cluster of another name is used: %o",
  async (sign) => {
    const { watched } = pretend(client, sign);
    await openHistory({ client: watched, keyspace, table: "there" }).addUserMessage("hi");
  },
);

test("what setting an existing table up needs is asked at once: one round trip", async () => {
  let asked = 0;
  let release = (): void => {};
  const all = new Promise<void>((resolve) => {
    release = resolve;
  });
  const { watched } = watchClient(client, async ({ queries }, send) => {
    if (!/FROM system/.test(queries[0] ?? "")) return send();
    asked += 1;
    if (asked === 4) release();
    // Answered when all have been asked.
    await all;
    return send();
  });
  await openHistory({ client: watched, keyspace, table: "there" }).setup();
  // The table is new, so that the node is asked for its schema's version as well.
  expect(asked).toBe(5);
});
