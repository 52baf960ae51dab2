import { inspect } from "node:util";
import { Client, errors, types } from "cassandra-driver";
import { afterAll, describe, expect, inject, test } from "vitest";
import type { CassandraChatMessageHistoryOptions } from "../../src/index.ts";
import { failureOf } from "../support/failure.ts";
import { MESSAGE_TEXT, METHODS, READS } from "../support/methods.ts";
import { openClient, openHistory, ownKeyspace } from "../support/session.ts";
import { type SeenRequest, watchClient } from "../support/watch.ts";

const client = openClient();
const keyspace = ownKeyspace(client);
const closed: Client[] = [];
afterAll(() => Promise.all(closed.map((one) => one.shutdown())));

type Target = Pick<CassandraChatMessageHistoryOptions, "client" | "keyspace" | "table" | "createTable">;
const target = (of: Client, more: Partial<Target> = {}): Target => ({
  client: of,
  keyspace,
  table: "first_use",
  ...more,
});

function elsewhere(contactPoint: string): Client {
  const other = new Client({ contactPoints: [contactPoint], localDataCenter: "datacenter1" });
  closed.push(other);
  return other;
}

async function shutDown(): Promise<Client> {
  const other = new Client({
    contactPoints: [...inject("contactPoints")],
    localDataCenter: inject("localDataCenter"),
  });
  await other.connect();
  await other.shutdown();
  return other;
}

/** A client whose looks at the schema fail in this way. */
function failing(error: () => unknown): { readonly watched: Client; readonly requests: readonly SeenRequest[] } {
  return watchClient(client, (request, send) =>
    /FROM system/.test(request.queries[0] ?? "") ? Promise.reject(error()) : send(),
  );
}

const { overloaded, serverError, unavailableException, unauthorized, isBootstrapping } = types.responseErrorCodes;
const missing = "User the-user has no SELECT permission on <table system_schema.columns> or any of its parents";

const CAUSES: Readonly<Record<string, () => Target | Promise<Target>>> = {
  // Nothing listens on port 1 of loopback.
  "a cluster that does not answer": () => target(elsewhere("127.0.0.1:1")),
  "a host that does not exist": () => target(elsewhere("no-such-host.invalid")),
  "a client that was shut down": async () => target(await shutDown()),
  "a keyspace that does not exist": () => target(client, { keyspace: `${keyspace}_missing` }),
  "a table that does not exist, with createTable: false": () => target(client, { createTable: false }),
  "a table's name that the server refuses": () => target(client, { table: "no name" }),
  "a timeout": () => target(failing(() => new errors.OperationTimedOutError("no answer within 12000 ms")).watched),
  "an overload": () => target(failing(() => new errors.ResponseError(overloaded, "overloaded")).watched),
  "a node that starts": () => target(failing(() => new errors.ResponseError(isBootstrapping, "starting")).watched),
  "too few replicas": () => target(failing(() => new errors.ResponseError(unavailableException, "too few")).watched),
  "an error of the server's own": () => target(failing(() => new errors.ResponseError(serverError, "oh")).watched),
  "a missing permission": () => target(failing(() => new errors.ResponseError(unauthorized, missing)).watched),
  "an error of no known kind": () => target(failing(() => new Error("oh")).watched),
  "what is no error": () => target(failing(() => "oh").watched),
};

describe.each(Object.entries(CAUSES))("%s", (_, open) => {
  test.each(Object.entries(METHODS))("%s is SETUP_FAILED, and says that nothing was sent", async (_, call) => {
    const options = await open();
    const error = await failureOf(call(openHistory(options)));
    expect([error.code, error.ids, error.written]).toEqual(["SETUP_FAILED", undefined, undefined]);
    expect(error.message).toMatch(/Nothing of the call was sent; the next call tries again\./);
    expect(error.message).not.toMatch(/127\.0\.0\.1|no-such-host/);
    expect(inspect(error, { depth: 20 })).not.toMatch(new RegExp(`the-user|${MESSAGE_TEXT}`));
  });
});

test("nothing but looks at the schema was sent, and the next call works", async () => {
  let fail = true;
  const { watched, requests } = watchClient(client, (request, send) =>
    fail && /FROM system/.test(request.queries[0] ?? "") ? Promise.reject(new Error("cut")) : send(),
  );
  const history = openHistory({ client: watched, keyspace, table: "later" });
  for (const call of Object.values(METHODS)) await failureOf(call(history));
  for (const { queries } of requests) expect(queries[0]).toMatch(/FROM system/);
  fail = false;
  await history.addUserMessage("hi");
  expect(await history.count()).toBe(1);
});

test("a client that was shut down is named as such", async () => {
  const error = await failureOf(openHistory(target(await shutDown())).getMessages());
  expect(error.message).toContain("The client was shut down: use one that is open.");
});

test.each(Object.entries(METHODS))("once the table is seen to, %s fails as a read or a write", async (name, call) => {
  let fail = false;
  const { watched } = watchClient(client, (_, send) => (fail ? Promise.reject(new Error("cut")) : send()));
  const history = openHistory({ client: watched, keyspace, table: "later" });
  await history.setup();
  fail = true;
  if (name === "setup") return expect(call(history)).resolves.toBeUndefined();
  expect((await failureOf(call(history))).code).toBe(name in READS ? "READ_FAILED" : "WRITE_FAILED");
});
