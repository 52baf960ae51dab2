import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, expect, inject, test } from "vitest";
import { CassandraChatSessions } from "../../../src/index.ts";
import type { RacerCall } from "../../programs/session-racer.ts";
import { bundleProgram } from "../../support/bundle.ts";
import { startClockAnew } from "../../support/clock.ts";
import { report } from "../../support/report.ts";
import { openClient, ownKeyspace } from "../../support/session.ts";
import { add, idsOf, listAll, newUser, rawEntries, rawKeys } from "../../support/user-sessions.ts";

const client = openClient();
const keyspace = ownKeyspace(client);
const sessions = new CassandraChatSessions({ client, keyspace });
const otherProcess = (): CassandraChatSessions => new CassandraChatSessions({ client: openClient(), keyspace });
const children: ChildProcess[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

async function start(program: string, ...args: string[]): Promise<ChildProcess> {
  const where = [inject("contactPoints").join(","), inject("localDataCenter"), keyspace];
  const child = fork(program, [...where, ...args]);
  children.push(child);
  await once(child, "message");
  return child;
}

function startRacers(user: string, program: string, offsets: readonly number[]): Promise<ChildProcess[]> {
  return Promise.all(offsets.map((offset) => start(program, user, `${offset}`)));
}

async function tell(child: ChildProcess | undefined, call: RacerCall): Promise<unknown> {
  const answer = child && once(child, "message");
  child?.send(call);
  return (await answer)?.[0];
}

/** The sessions of a user that have messages and that no list shows. */
async function unlisted(user: string): Promise<string[]> {
  const listed = new Set(idsOf(await listAll(sessions, user, { limit: 1000 })));
  const stored = (await rawKeys(client, keyspace, user)).map((key) => String(JSON.parse(key)[1]));
  return stored.filter((id) => !listed.has(id));
}

test("updates of different keys by processes at the same moment never undo each other, adds or not", async () => {
  const user = newUser();
  const racers = await startRacers(user, await bundleProgram("session-racer"), [0, 0, -3_600_000]);
  for (let round = 0; round < 40; round += 1) {
    const sessionId = `${round}`;
    await add(sessions, user, sessionId);
    // Of one date the greater text wins: an update that wrote a key that it was not given would bring these back.
    await sessions.update(user, sessionId, { metadata: { "key 0": "~old", "key 1": "~old", "key 2": "~old" } });
    const calls = racers.map((racer, at) => tell(racer, { kind: "update", sessionId, text: `key ${at}` }));
    const outcomes = await Promise.all([...calls, add(sessions, user, sessionId).then(() => "done")]);
    expect(outcomes).toEqual(outcomes.map(() => "done"));
    expect((await sessions.get(user, sessionId))?.metadata).toEqual({
      "key 0": "key 0",
      "key 1": "key 1",
      "key 2": "key 2",
    });
  }
});

test("updates of one process at the same moment take effect in the order of the calls", async () => {
  const user = newUser();
  await add(sessions, user, "s");
  for (let round = 0; round < 20; round += 1) {
    const titles = ["z", "a", "m", null, "k"];
    await Promise.all(titles.map((title) => sessions.update(user, "s", { title, metadata: { [`${title}`]: round } })));
    expect(await sessions.get(user, "s")).toMatchObject({
      title: "k",
      metadata: { z: round, a: round, m: round, k: round },
    });
  }
});

test("a delete that meets updates and adds of other processes: no update brings it back, and what survives is listed", async () => {
  const user = newUser();
  const racers = await startRacers(user, await bundleProgram("session-racer"), [0, 0, 0]);
  let survived = 0;
  for (let round = 0; round < 60; round += 1) {
    const sessionId = `${round}`;
    await tell(racers[0], { kind: "add", sessionId, text: "before" });
    const isAdding = round % 2 === 0;
    const updated = tell(racers[1], { kind: "update", sessionId, text: "title" });
    const deletes = [sessions.delete(user, sessionId), tell(racers[2], { kind: "delete", sessionId, text: "" })];
    await delay(round % 8);
    const met = isAdding ? tell(racers[0], { kind: "add", sessionId, text: "met" }) : "done";
    await Promise.all([updated, met, ...deletes]);
    const [session, stored] = [await sessions.get(user, sessionId), await sessions.open(user, sessionId).count()];
    if (!isAdding) expect([session, stored]).toEqual([undefined, 0]);
    if (stored > 0) expect(session).toBeDefined();
    survived += stored;
    // Made anew, it inherits nothing.
    if (session === undefined) {
      await add(sessions, user, sessionId);
      expect(await sessions.get(user, sessionId)).not.toHaveProperty("title");
    }
  }
  report(`deletes that met adds: ${survived} of 30 messages survived, all listed`);
  expect(await unlisted(user)).toEqual([]);
});

test("deleteAll while other processes add: what is left is listed, and what was there before is gone", async () => {
  const user = newUser();
  const racers = await startRacers(user, await bundleProgram("session-racer"), [0, -200, 0]);
  for (let round = 0; round < 5; round += 1) {
    for (let at = 0; at < 30; at += 1) await add(sessions, user, `${round}/before ${at}`);
    let ended = false;
    const adding = racers.map(async (racer, name) => {
      for (let at = 0; !ended; at += 1) {
        const sessionId = at % 2 === 0 ? `${round}/before ${at % 30}` : `${round}/new ${name} ${at}`;
        expect(await tell(racer, { kind: "add", sessionId, text: "meanwhile" })).toBe("done");
      }
    });
    await delay(20);
    await sessions.deleteAll(user);
    ended = true;
    await Promise.all(adding);
    expect(await unlisted(user)).toEqual([]);
    for (const key of await rawKeys(client, keyspace, user)) {
      const [, id] = JSON.parse(key);
      for await (const { message } of sessions.open(user, id).entries()) expect(message.text).toBe("meanwhile");
    }
  }
  await Promise.all(racers.map((racer) => tell(racer, { kind: "delete", sessionId: "x", text: "" })));
  await sessions.deleteAll(user);
  expect([await rawKeys(client, keyspace, user), await rawEntries(client, keyspace, user)]).toEqual([[], []]);
});

test("what a clock ahead wrote is deleted for good, by delete and by deleteAll", async () => {
  const user = newUser();
  const [ahead] = await startRacers(user, await bundleProgram("session-racer"), [3_600_000]);
  for (const sessionId of ["a", "b", "c"]) {
    await tell(ahead, { kind: "add", sessionId, text: "ahead" });
    await tell(ahead, { kind: "update", sessionId, text: "title" });
  }
  await sessions.update(user, "a", { title: "after", metadata: { k: 1 } });
  expect(await sessions.get(user, "a")).toMatchObject({ title: "after", metadata: { k: 1, title: "title" } });
  await sessions.delete(user, "a");
  expect(await sessions.get(user, "a")).toBeUndefined();
  expect(await sessions.deleteAll(user)).toBe(2);
  expect([await rawKeys(client, keyspace, user), await rawEntries(client, keyspace, user)]).toEqual([[], []]);
});

test("with a lagging clock: adds, updates and deletes of this process hold", async () => {
  const user = newUser();
  await add(sessions, user, "s");
  startClockAnew(-3_600_000);
  const own = otherProcess();
  expect(await own.update(user, "s", { title: "T", metadata: { a: 1 } })).toMatchObject({ title: "T" });
  await add(own, user, "s");
  expect(await own.update(user, "s", { title: null })).not.toHaveProperty("title");
  expect(await own.get(user, "s")).toMatchObject({ metadata: { a: 1 } });
  await own.delete(user, "s");
  expect([await rawKeys(client, keyspace, user), await rawEntries(client, keyspace, user)]).toEqual([[], []]);
  await add(own, user, "t");
  await own.delete(user, "t");
  await add(own, user, "t");
  expect(idsOf(await listAll(own, user))).toEqual(["t"]);
});

test("processes killed at random moments leave no session with messages and without an entry", async () => {
  const program = await bundleProgram("session-writer");
  const user = newUser();
  let kills = 0;
  for (let round = 0; round < 12; round += 1) {
    const writers = await Promise.all([0, 1, 2].map((at) => start(program, user, `${round}.${at}`)));
    for (const writer of writers) writer.send("go");
    await Promise.all(
      writers.map(async (writer) => {
        await delay(20 + Math.random() * 150);
        const ended = once(writer, "exit");
        writer.kill("SIGKILL");
        await ended;
        kills += 1;
      }),
    );
  }
  const stored = await rawKeys(client, keyspace, user);
  report(
    `${kills} writers killed: ${stored.length} sessions with messages, ${(await unlisted(user)).length} without an entry`,
  );
  expect(stored.length).toBeGreaterThan(kills);
  expect(await unlisted(user)).toEqual([]);
});
