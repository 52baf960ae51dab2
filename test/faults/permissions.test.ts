import { inspect } from "node:util";
import { HumanMessage } from "@langchain/core/messages";
import { Client, types } from "cassandra-driver";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  CassandraChatMessageHistory,
  type CassandraChatMessageHistoryOptions,
  type CassandraHistoryError,
  createTableStatement,
} from "../../src/index.ts";
import { type Cluster, openCluster, startCluster } from "../support/cluster.ts";
import { failureOf } from "../support/failure.ts";
import { numbered, texts } from "../support/messages.ts";

// A node that asks for a login, and, as Astra DB does, takes no write at ONE or LOCAL_ONE except from superusers.
const yaml = `authenticator: PasswordAuthenticator
authorizer: CassandraAuthorizer
role_manager: CassandraRoleManager
permissions_validity: 0ms
roles_validity: 0ms
write_consistency_levels_disallowed: [ANY, ONE, LOCAL_ONE]
`;
const superuser = { username: "cassandra", password: "cassandra" };
const PASSWORD = "the-password";
const NOTHING_SENT = "Nothing of the call was sent; the next call tries again.";

let cluster: Cluster;
let admin: Client;
const clients: Client[] = [];

beforeAll(async () => {
  cluster = await startCluster({ nodes: 1, yaml }, { credentials: superuser });
  admin = await openCluster(cluster, { credentials: superuser });
  await admin.execute("CREATE KEYSPACE app WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}");
  await admin.execute("CREATE KEYSPACE wide WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 3}");
  await admin.execute(createTableStatement({ keyspace: "app" }));
});
afterAll(async () => {
  await Promise.all([admin, ...clients].map((client) => client?.shutdown()));
  await cluster?.stop();
});

/** A client that logs in as a new role with just these permissions. */
async function logIn(role: string, ...permissions: string[]): Promise<Client> {
  await admin.execute(`CREATE ROLE "${role}" WITH LOGIN = true AND PASSWORD = '${PASSWORD}'`);
  for (const permission of permissions) await admin.execute(`GRANT ${permission} TO "${role}"`);
  const client = await openCluster(cluster, { credentials: { username: role, password: PASSWORD } });
  clients.push(client);
  return client;
}

function open(client: Client, options: Partial<CassandraChatMessageHistoryOptions> = {}): CassandraChatMessageHistory {
  return new CassandraChatMessageHistory({ client, keyspace: "app", sessionId: crypto.randomUUID(), ...options });
}

function expectNoSecret(error: CassandraHistoryError, role: string): void {
  for (const secret of [PASSWORD, role, "said-in-confidence"])
    expect(inspect(error, { depth: 20 })).not.toContain(secret);
  expect(error.message).not.toContain("127.0.");
}

test("a role with SELECT and MODIFY on an existing table needs nothing else", async () => {
  const client = await logIn(
    "reader_and_writer",
    "SELECT ON TABLE app.message_store",
    "MODIFY ON TABLE app.message_store",
  );
  const history = open(client, { ttlSeconds: 1000 });
  await history.setup();
  await history.addUserMessage("said-in-confidence");
  const [first, second] = await history.append(numbered(5));
  await history.update(first?.id ?? "", new HumanMessage("new"));
  await history.delete([second?.id ?? ""]);
  const copy = await history.fork(`copy of ${history.sessionId}`);
  expect(await history.count()).toBe(5);
  expect((await history.getPage({ limit: 2 })).entries).toHaveLength(2);
  await history.deleteFrom(first?.id ?? "");
  expect(texts(await history.getMessages())).toEqual(["said-in-confidence"]);
  for await (const { message } of copy.entries({ limit: 1 })) expect(message.text).toBe("said-in-confidence");
  await copy.clear();
  expect(await copy.getMessages({ maxMessages: 3 })).toEqual([]);
});

test("without the right to create, SETUP_FAILED names the permission and prints the statement", async () => {
  const client = await logIn("no_creator", "SELECT ON KEYSPACE app", "MODIFY ON KEYSPACE app");
  const error = await failureOf(open(client, { table: "missing" }).addUserMessage("said-in-confidence"));
  expect([error.code, error.message]).toEqual([
    "SETUP_FAILED",
    'Table "app"."missing" does not exist. The client\'s role lacks the permission CREATE on all tables in app. ' +
      `${NOTHING_SENT} Have it granted, or the table created with:\n${createTableStatement({ keyspace: "app", table: "missing" })}`,
  ]);
  expectNoSecret(error, "no_creator");
  await admin.execute(createTableStatement({ keyspace: "app", table: "missing" }));
  await open(client, { table: "missing" }).addUserMessage("said-in-confidence");
});

test("without SELECT or MODIFY, the error names the permission that is missing", async () => {
  const reader = await logIn("only_reader", "SELECT ON TABLE app.message_store");
  const write = await failureOf(open(reader).addUserMessage("said-in-confidence"));
  expect([write.code, write.message]).toEqual([
    "WRITE_FAILED",
    "Writing 1 message(s) failed (ResponseError 0x2100). Known to be stored: 0; the others may or may not be. The client's role " +
      "lacks the permission MODIFY on table app.message_store: have it granted; to try again without storing a message twice, " +
      "pass the error's `ids` to append.",
  ]);
  const writer = await logIn("only_writer", "MODIFY ON TABLE app.message_store");
  const read = await failureOf(open(writer).getMessages());
  expect([read.code, read.message]).toEqual([
    "READ_FAILED",
    "Reading the messages failed (ResponseError 0x2100). The client's role lacks the permission SELECT on table " +
      "app.message_store: have it granted; reading again is safe.",
  ]);
  expectNoSecret(write, "only_reader");
  expectNoSecret(read, "only_writer");
});

test("with a wrong password, or none, every error says that the login failed and shows neither name nor password", async () => {
  const { contactPoints, localDataCenter } = cluster;
  const wrong = { username: "the-user", password: PASSWORD };
  for (const credentials of [wrong, undefined]) {
    const options = { contactPoints: [...contactPoints], localDataCenter, ...(credentials && { credentials }) };
    const client = new Client(options);
    clients.push(client);
    const history = open(client);
    const refused =
      "The cluster refused the login: the client's credentials are wrong, or missing where the cluster asks for them";
    const errors = [
      await failureOf(history.setup()),
      await failureOf(history.getMessages()),
      await failureOf(history.addUserMessage("said-in-confidence")),
      await failureOf(history.clear()),
    ];
    for (const error of errors) {
      expect([error.code, error.message]).toEqual([
        "SETUP_FAILED",
        `Setting up the table failed (NoHostAvailableError). ${refused}. ${NOTHING_SENT}`,
      ]);
      expectNoSecret(error, "the-user");
    }
  }
});

test("a refused consistency names writeOptions, with which it works", async () => {
  const client = await logIn("app", "SELECT ON KEYSPACE app", "MODIFY ON KEYSPACE app");
  const { localOne, localQuorum } = types.consistencies;
  const refused = open(client, { writeOptions: { consistency: localOne } });
  // They are made at once, so each needs a handler before the first one fails.
  const calls = [refused.addUserMessage("said-in-confidence"), refused.addMessages(numbered(2)), refused.clear()];
  for (const error of await Promise.all(calls.map(failureOf))) {
    expect(error.code).toBe("WRITE_FAILED");
    expect(error.message).toBe(
      "The server takes no write at this consistency (ResponseError 0x2200; Astra DB takes none at ANY, ONE or LOCAL_ONE). " +
        "Nothing was written. Set `consistency: types.consistencies.localQuorum`, of cassandra-driver, in `writeOptions` or in " +
        "the client's `queryOptions`.",
    );
  }
  const history = open(client, { readOptions: { consistency: localOne }, writeOptions: { consistency: localQuorum } });
  await history.addMessages(numbered(2));
  await history.addUserMessage("said-in-confidence");
  await history.clear();
  expect(await history.getMessages()).toEqual([]);
});

test("too few replicas for the consistency are named, with the option to change", async () => {
  const history = open(admin, { keyspace: "wide" });
  const [write, read] = [
    await failureOf(history.addUserMessage("said-in-confidence")),
    await failureOf(history.getMessages()),
  ];
  expect([write.code, read.code]).toEqual(["WRITE_FAILED", "READ_FAILED"]);
  expect(write.message).toContain(
    "Too few replicas are up for the consistency, which is the client's own or that of `writeOptions`",
  );
  expect(read.message).toContain(
    "Too few replicas are up for the consistency, which is the client's own or that of `readOptions`",
  );
});
