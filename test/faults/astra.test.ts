import { execFile } from "node:child_process";
import { get } from "node:https";
import { inspect, promisify } from "node:util";
import { HumanMessage } from "@langchain/core/messages";
import { Client, type ClientOptions, types } from "cassandra-driver";
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from "vitest";
import { CassandraChatMessageHistory } from "../../src/index.ts";
import { type EmulatedAstra, emulateAstra } from "../support/astra.ts";
import { openCluster, startCluster } from "../support/cluster.ts";
import { failureOf } from "../support/failure.ts";
import { numbered, texts } from "../support/messages.ts";

const run = promisify(execFile);
const TOKEN = "AstraCS:the-token";
const KEYSPACE = "Default_Keyspace";
// Astra DB's rule for writes. It spares superusers, so the token has to be a role that is none.
const YAML = `write_consistency_levels_disallowed: [ANY, ONE, LOCAL_ONE]
authenticator: PasswordAuthenticator
authorizer: CassandraAuthorizer
role_manager: CassandraRoleManager
`;

let astra: EmulatedAstra;

beforeAll(async () => {
  const superuser = { credentials: { username: "cassandra", password: "cassandra" } };
  const cluster = await startCluster({ nodes: 1, yaml: YAML }, superuser);
  afterAll(() => cluster.stop());
  const operator = await openCluster(cluster, superuser);
  afterAll(() => operator.shutdown());
  for (const statement of [
    `CREATE KEYSPACE "${KEYSPACE}" WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}`,
    `CREATE ROLE "token" WITH PASSWORD = '${TOKEN}' AND LOGIN = true`,
    ...["CREATE", "SELECT", "MODIFY"].map((right) => `GRANT ${right} ON KEYSPACE "${KEYSPACE}" TO "token"`),
  ])
    await operator.execute(statement);
  astra = await emulateAstra(operator);
  afterAll(() => astra.stop());
});

beforeEach(() => {
  astra.statements.length = 0;
});

function openAstra(options: Partial<ClientOptions> = {}): Client {
  const client = new Client({
    cloud: { secureConnectBundle: astra.bundle },
    credentials: { username: "token", password: TOKEN },
    ...options,
  });
  onTestFinished(() => client.shutdown());
  return client;
}

/** The consistencies of the statements that match and name the table. */
function levelsOf(pattern: RegExp): string[] {
  return astra.statements
    .filter(({ query }) => pattern.test(query) && query.includes("message_store"))
    .map((statement) => statement.consistency);
}

test("the first use, on Astra DB: a bundle, a token, two messages, written and read at LOCAL_QUORUM", async () => {
  const { stdout } = await run(process.execPath, ["--import", "tsx", "examples/astra.ts"], {
    env: {
      ...process.env,
      ASTRA_DB_SECURE_BUNDLE: astra.bundle,
      ASTRA_DB_APPLICATION_TOKEN: TOKEN,
      ASTRA_DB_KEYSPACE: KEYSPACE,
    },
  });
  expect(stdout).toBe("human: hi!\nai: whats up?\n");
  expect(levelsOf(/^INSERT/)).toEqual(["localQuorum", "localQuorum"]);
  expect(levelsOf(/^SELECT .* ORDER BY/)).toEqual(["localQuorum"]);
  expect(levelsOf(/^CREATE TABLE/)).toHaveLength(1);
});

test("every method works, and each of its statements goes at LOCAL_QUORUM", async () => {
  const history = new CassandraChatMessageHistory({ client: openAstra(), keyspace: KEYSPACE, sessionId: "methods" });
  const entries = await history.append(numbered(10), { ttlSeconds: 1000 });
  const [first, second, third] = entries.map(({ id }) => id);
  await history.update(String(first), new HumanMessage("changed"));
  await history.delete([String(second)]);
  const fork = await history.fork("forked", { through: String(third) });
  await history.deleteFrom(String(third));
  expect(texts(await history.getMessages())).toEqual(["changed"]);
  expect(texts(await fork.getMessages({ maxMessages: 1 }))).toEqual(["message 2"]);
  expect((await history.getPage({ limit: 10 })).entries).toHaveLength(1);
  expect(await history.count()).toBe(1);
  await history.clear();
  expect(await history.getMessages()).toEqual([]);
  expect(levelsOf(/^INSERT/).length).toBeGreaterThan(10);
  expect(levelsOf(/^DELETE/).length).toBeGreaterThan(1);
  expect(new Set(levelsOf(/./))).toEqual(new Set(["localQuorum"]));
  expect(astra.statements.filter(({ query }) => query.startsWith("unknown"))).toEqual([]);
});

const forbidden = ["any", "one", "localOne"] as const;

test.each(forbidden)("a write at %s is refused with what to do, and stores nothing", async (level) => {
  const consistency = types.consistencies[level];
  const options = { client: openAstra(), keyspace: KEYSPACE, sessionId: `written at ${level}` };
  const history = new CassandraChatMessageHistory({ ...options, writeOptions: { consistency } });
  const error = await failureOf(history.addMessages([new HumanMessage("hi!"), new HumanMessage("again")]));
  expect(error).toMatchObject({ code: "WRITE_FAILED", written: [], cause: { code: types.responseErrorCodes.invalid } });
  expect(error.ids).toHaveLength(2);
  expect(error.message).toMatch(/no write at this consistency.*Nothing was written.*localQuorum.*writeOptions/);
  expect(levelsOf(/^INSERT/)).toEqual([level, level]);
  expect(await history.getMessages()).toEqual([]);
});

test("a client at LOCAL_ONE reads; its adds and edits say what to do", async () => {
  const [strong, weak] = [openAstra(), openAstra({ queryOptions: { consistency: types.consistencies.localOne } })];
  const [good, bad] = [strong, weak].map(
    (client) => new CassandraChatMessageHistory({ client, keyspace: KEYSPACE, sessionId: "weak" }),
  );
  if (good === undefined || bad === undefined) throw new Error("two histories");
  const [entry] = await good.append([new HumanMessage("hi!")]);
  const id = String(entry?.id);
  const writes = [bad.addUserMessage("no"), bad.update(id, new HumanMessage("no")), bad.delete([id]), bad.clear()];
  for (const write of [...writes, bad.fork("forked from weak")]) {
    const error = await failureOf(write);
    expect([error.code, error.message]).toEqual([
      "WRITE_FAILED",
      expect.stringMatching(/Nothing was written.*localQuorum/),
    ]);
  }
  expect(texts(await bad.getMessages())).toEqual(["hi!"]);
});

test("a missing keyspace fails the setup, with the one that differs in case as a suggestion", async () => {
  const missing = new CassandraChatMessageHistory({
    client: openAstra(),
    keyspace: "default_keyspace",
    sessionId: "s",
  });
  expect(await failureOf(missing.setup())).toMatchObject({
    code: "SETUP_FAILED",
    message: expect.stringContaining(`Did you mean "${KEYSPACE}"?`),
  });
});

test("a wrong token fails the first use without being shown", async () => {
  const client = openAstra({ credentials: { username: "token", password: "AstraCS:another" } });
  const refused = new CassandraChatMessageHistory({ client, keyspace: KEYSPACE, sessionId: "s" });
  const error = await failureOf(refused.getMessages());
  expect(error.code).toBe("SETUP_FAILED");
  expect(error.message).toContain("The cluster refused the login");
  expect(inspect(error, { depth: 10 })).not.toContain("AstraCS");
});

test("the emulation asks for the bundle's certificate", async () => {
  const { ca, client } = astra.certificates;
  const ask = (identity: object): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      get(astra.metadataUrl, { ca, agent: false, ...identity }, (response) => {
        response.resume().once("end", () => resolve(response.statusCode));
      }).once("error", reject);
    });
  expect(await ask(client)).toBe(200);
  await expect(ask({})).rejects.toThrow();
});
