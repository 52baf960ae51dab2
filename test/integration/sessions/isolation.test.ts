import { HumanMessage } from "@langchain/core/messages";
import fc from "fast-check";
import { expect, test } from "vitest";
import { CassandraChatMessageHistory, CassandraChatSessions, chatSessionKey } from "../../../src/index.ts";
import { awkwardId } from "../../support/awkward-ids.ts";
import { failureOf } from "../../support/failure.ts";
import { texts } from "../../support/messages.ts";
import { openClient, ownKeyspace } from "../../support/session.ts";
import { idsOf, listAll } from "../../support/user-sessions.ts";

const client = openClient();
const keyspace = ownKeyspace(client);
const sessions = new CassandraChatSessions({ client, keyspace });
let run = 0;

test("no method reaches another user, whatever the ids of users and sessions are", async () => {
  const pair = fc.record({ user: awkwardId, session: awkwardId });
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(pair, { selector: (one) => JSON.stringify(one), minLength: 2, maxLength: 5 }),
      async (pairs) => {
        // A prefix keeps the runs apart.
        run += 1;
        const users = pairs.map(({ user, session }) => ({ user: `${run} ${user}`, session }));
        for (const [at, { user, session }] of users.entries()) {
          await sessions.open(user, session).addMessage(new HumanMessage(`message ${at}`));
          await sessions.update(user, session, { title: `title ${at}`, metadata: { at } });
        }
        for (const [at, { user, session }] of users.entries()) {
          expect(texts(await sessions.open(user, session).getMessages())).toEqual([`message ${at}`]);
          expect(await sessions.get(user, session)).toMatchObject({
            userId: user,
            title: `title ${at}`,
            metadata: { at },
          });
          const own = users.filter((one) => one.user === user).map((one) => one.session);
          expect(idsOf(await listAll(sessions, user)).sort()).toEqual(own.sort());
        }
        const [first, ...others] = users;
        if (first === undefined) return;
        await sessions.deleteAll(first.user);
        for (const { user, session } of users) {
          const count = user === first.user ? 0 : 1;
          expect(await sessions.open(user, session).count()).toBe(count);
          expect((await listAll(sessions, user)).length > 0).toBe(count === 1);
        }
        for (const { user, session } of others) await sessions.delete(user, session);
      },
    ),
    { numRuns: 60 },
  );
});

test("the longest ids that fit are kept apart, and their session is listed, copied and deleted", async () => {
  const user = "u".repeat(32_000);
  const ids = ["s".repeat(32_000), `${"s".repeat(31_999)}t`];
  for (const id of ids) await sessions.open(user, id).addUserMessage(id.slice(-1));
  await sessions.update(user, ids[0] ?? "", {
    metadata: Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`${at}`, at])),
  });
  expect(texts(await sessions.open(user, ids[1] ?? "").getMessages())).toEqual(["t"]);
  expect(idsOf(await listAll(sessions, user)).sort()).toEqual(ids.sort());
  const copy = await sessions.fork(user, ids[0] ?? "");
  expect(texts(await sessions.open(user, copy.sessionId).getMessages())).toEqual(["s"]);
  expect(await sessions.deleteAll(user)).toBe(3);
});

test("copies stay with their user: a key of another user is no session and no source", async () => {
  await sessions.open("victim", "s").addUserMessage("secret");
  const key = chatSessionKey("victim", "s");
  expect(await sessions.open("thief", key).getMessages()).toEqual([]);
  expect(await failureOf(sessions.fork("thief", key))).toMatchObject({ code: "NOT_FOUND" });
  expect(await failureOf(sessions.adopt("thief", key))).toMatchObject({ code: "INVALID_OPTION" });
  expect(await failureOf(sessions.fork("thief", "s"))).toMatchObject({ code: "NOT_FOUND" });
  expect(await failureOf(sessions.update("thief", "s", { title: "mine" }))).toMatchObject({ code: "NOT_FOUND" });
  const { entries } = await sessions.open("victim", "s").getPage({ limit: 1 });
  await sessions.open("thief", "own").addUserMessage("x");
  expect(await failureOf(sessions.fork("thief", "own", { through: entries[0]?.id }))).toMatchObject({
    code: "NOT_FOUND",
  });
  await sessions.delete("thief", "s");
  await sessions.deleteAll("thief");
  expect(texts(await sessions.open("victim", "s").getMessages())).toEqual(["secret"]);
  const own = await new CassandraChatMessageHistory({ client, keyspace, sessionId: "s" }).getMessages();
  expect(own).toEqual([]);
});
