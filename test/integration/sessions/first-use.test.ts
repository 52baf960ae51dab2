import { fork } from "node:child_process";
import { once } from "node:events";
import { expect, inject, test } from "vitest";
import { CassandraChatSessions } from "../../../src/index.ts";
import { bundleProgram } from "../../support/bundle.ts";
import { texts } from "../../support/messages.ts";
import { openClient, ownKeyspace } from "../../support/session.ts";
import { add, idsOf, listAll } from "../../support/user-sessions.ts";
import { watchClient } from "../../support/watch.ts";

const client = openClient();
const keyspace = ownKeyspace(client);

test("20 first uses of both tables in one process at the same moment make each table once, and lose nothing", async () => {
  const { watched, requests } = watchClient(client);
  const uses = Array.from(
    { length: 20 },
    () => new CassandraChatSessions({ client: watched, keyspace, table: "once" }),
  );
  await Promise.all(uses.map((sessions, at) => (at % 2 === 0 ? add(sessions, "u", `${at}`) : sessions.list("u"))));
  const created = requests.flatMap(({ queries }) => queries).filter((query) => query.startsWith("CREATE"));
  expect(created).toHaveLength(2);
  const [sessions] = uses;
  expect(sessions && idsOf(await listAll(sessions, "u"))).toHaveLength(10);
});

test("20 processes that first use both tables at the same moment: none fails, and nothing is lost", async () => {
  const program = await bundleProgram("session-first-user");
  const where = [inject("contactPoints").join(","), inject("localDataCenter"), keyspace, "u"];
  const children = Array.from({ length: 20 }, (_, at) => fork(program, [...where, `${at}`]));
  try {
    await Promise.all(children.map((child) => once(child, "message")));
    for (const table of ["first", "second"]) {
      const answers = children.map((child) => once(child, "message"));
      for (const child of children) child.send(table);
      expect((await Promise.all(answers)).flatMap(([errors]) => errors)).toEqual([]);
      const sessions = new CassandraChatSessions({ client, keyspace, table });
      const listed = idsOf(await listAll(sessions, "u"));
      expect(listed.sort()).toEqual(children.map((_, at) => `${at}`).sort());
      for (const id of listed) expect(texts(await sessions.open("u", id).getMessages())).toEqual(["1", "2", "3"]);
    }
  } finally {
    for (const child of children) child.kill("SIGKILL");
  }
});

test("setup() makes both tables; where both are there, no DDL runs", async () => {
  await new CassandraChatSessions({ client, keyspace, table: "ahead" }).setup();
  const { watched, requests } = watchClient(client);
  const sessions = new CassandraChatSessions({ client: watched, keyspace, table: "ahead", createTable: false });
  await sessions.setup();
  await add(sessions, "u", "s");
  expect(requests.flatMap(({ queries }) => queries).filter((query) => query.startsWith("CREATE"))).toEqual([]);
});

test("a sessions table that was dropped while in use is made anew", async () => {
  const sessions = new CassandraChatSessions({ client, keyspace, table: "dropped" });
  await add(sessions, "u", "s");
  await client.execute(`DROP TABLE ${keyspace}.dropped_sessions`);
  await add(sessions, "u", "t");
  expect(idsOf(await listAll(sessions, "u"))).toEqual(["t"]);
});
