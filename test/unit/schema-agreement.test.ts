import { type Client, errors, types } from "cassandra-driver";
import { afterEach, expect, test, vi } from "vitest";
import { createOnAgreedNode, untilAgreed } from "../../src/table/schema-agreement.ts";
import { Statements } from "../../src/table/statements.ts";

const columns = { sessionId: "s", messageId: "i", message: "m" };
const table = new Statements({ keyspace: "app", table: "t", columns }).definition;
const timedOut = new errors.OperationTimedOutError("no answer");
const unknownTable = new errors.ResponseError(types.responseErrorCodes.invalid, "table t does not exist");
const serverError = new errors.ResponseError(types.responseErrorCodes.serverError, "Unknown CF");

afterEach(() => void vi.restoreAllMocks());

/** What a node answers: its schema's version, or an error to the probe, or to everything. */
interface Node {
  readonly version?: string | (() => string);
  readonly probe?: () => Error | undefined;
  readonly all?: () => Error | undefined;
}

/** A client of these nodes, and what each was asked. */
function clientOf(nodes: Readonly<Record<string, Node>>): { readonly client: Client; readonly asked: string[] } {
  const asked: string[] = [];
  const hosts = new Map(Object.keys(nodes).map((hostId) => [hostId, { hostId, address: hostId }]));
  const execute = async (query: string, _: unknown, { host }: { host?: { hostId: string } }): Promise<object> => {
    const hostId = host?.hostId ?? "any";
    const node = nodes[hostId] ?? nodes[Object.keys(nodes)[0] ?? ""];
    asked.push(`${hostId}: ${/^\w+/.exec(query)?.[0]}`);
    const error = node?.all?.() ?? (query === table.probe ? node?.probe?.() : undefined);
    if (error !== undefined) throw error;
    const version = typeof node?.version === "function" ? node.version() : (node?.version ?? "v1");
    return { rows: [{ schema_version: version }] };
  };
  const state = { getConnectedHosts: () => [...hosts.values()], getOpenConnections: () => 1 };
  return { client: { hosts, execute, getState: () => state } as unknown as Client, asked };
}

/** The clock goes on so much at each reading. */
function leap(milliseconds: number): void {
  let now = performance.now();
  vi.spyOn(performance, "now").mockImplementation(() => {
    now += milliseconds;
    return now;
  });
}

test("the nodes agree where all that answer have the table and one version", async () => {
  await untilAgreed(clientOf({ a: {}, b: {} }).client, table);
  // One that does not answer takes no write either.
  await untilAgreed(clientOf({ a: {}, b: { probe: () => timedOut } }).client, table);
  await untilAgreed(clientOf({ a: {}, b: { all: () => timedOut } }).client, table);
});

test.each([
  ["another version", { version: "v2" }, "expected 1 version, got 2"],
  ["no table yet", { probe: () => unknownTable }, "expected 1 version, got 1, and a node without the table"],
  [
    "a table that is not open yet",
    { probe: () => serverError },
    "expected 1 version, got 1, and a node without the table",
  ],
])("a node with %s is waited for, and named after 30 s", async (_, node, text) => {
  let tries = 0;
  const late = {
    version: () => (tries < 3 && "version" in node ? node.version : "v1"),
    probe: () => {
      tries += 1;
      return tries < 3 && "probe" in node ? node.probe() : undefined;
    },
  };
  await untilAgreed(clientOf({ a: {}, b: late }).client, table);
  expect(tries).toBe(3);
  leap(20_000);
  await expect(untilAgreed(clientOf({ a: {}, b: node }).client, table)).rejects.toMatchObject({
    code: "SETUP_FAILED",
    message: expect.stringContaining(
      `the nodes do not agree on the schema after 30 s: ${text}. Nothing of the call was sent`,
    ),
  });
});

test("where no node answers, the driver's error is told", async () => {
  const { client } = clientOf({ a: { all: () => timedOut }, b: { all: () => timedOut } });
  await expect(untilAgreed(client, table)).rejects.toBe(timedOut);
});

test("a node that refuses the probe for another reason has the table", async () => {
  const refusal = new errors.ResponseError(types.responseErrorCodes.unauthorized, "no permission");
  await untilAgreed(clientOf({ a: { probe: () => refusal } }).client, table);
});

test("the node with the lowest id makes the table, after a pause where it does not answer", async () => {
  let tries = 0;
  const { client, asked } = clientOf({ b: {}, a: { all: () => (++tries < 3 ? timedOut : undefined) } });
  await createOnAgreedNode(client, table.createStatement);
  expect(asked).toEqual(["a: CREATE", "a: CREATE", "a: CREATE"]);
});

test("a node that is out of reach for 5 s is passed over; where all are, the last one's error is told", async () => {
  leap(3_000);
  const { client, asked } = clientOf({ b: {}, a: { all: () => timedOut } });
  await createOnAgreedNode(client, table.createStatement);
  expect(asked).toEqual(["a: CREATE", "a: CREATE", "b: CREATE"]);
  const none = clientOf({ b: { all: () => serverError }, a: { all: () => timedOut } });
  await expect(createOnAgreedNode(none.client, table.createStatement)).rejects.toBe(serverError);
  await expect(createOnAgreedNode(clientOf({}).client, table.createStatement)).rejects.toThrow("knows of no node");
});

test.each([
  ["it exists already", new errors.ResponseError(types.responseErrorCodes.alreadyExists, "exists")],
  ["another node made it too", new errors.ResponseError(types.responseErrorCodes.serverError, "Table ID mismatch")],
])("where %s, it is made", async (_, error) => {
  const { client, asked } = clientOf({ a: { all: () => error }, b: {} });
  await createOnAgreedNode(client, table.createStatement);
  expect(asked).toEqual(["a: CREATE"]);
});

test("what the node refuses for good is asked of no other", async () => {
  const refusal = new errors.ResponseError(types.responseErrorCodes.unauthorized, "no permission");
  const { client, asked } = clientOf({ a: { all: () => refusal }, b: {} });
  await expect(createOnAgreedNode(client, table.createStatement)).rejects.toBe(refusal);
  expect(asked).toEqual(["a: CREATE"]);
});
