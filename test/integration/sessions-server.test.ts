import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, inject, test } from "vitest";

let server: ChildProcess | undefined;
let url = "";

beforeAll(async () => {
  const env = {
    ...process.env,
    CASSANDRA_CONTACT_POINTS: inject("contactPoints").join(","),
    CASSANDRA_LOCAL_DC: inject("localDataCenter"),
    PORT: "0",
  };
  const started = spawn(process.execPath, ["--import", "tsx", "examples/sessions-server.ts"], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  server = started;
  for await (const line of createInterface({ input: started.stdout })) {
    url = /^Listening on (\S+)$/.exec(line)?.[1] ?? "";
    if (url !== "") return;
  }
  throw new Error("The server ended without listening; its error is above.");
});

afterAll(async () => {
  if (server === undefined || server.exitCode !== null) return;
  const exited = once(server, "exit");
  server.kill("SIGTERM");
  expect(await exited).toEqual([0, null]);
});

/** A request of a user's browser: its status and its answer. */
async function ask(user: string, method: string, path: string, body?: object): Promise<[number, unknown]> {
  const response = await fetch(`${url}/sessions${path}`, {
    method,
    headers: { "x-user": user },
    ...(body && { body: JSON.stringify(body) }),
  });
  return [response.status, await response.json()];
}

test("a sidebar of two users: messages, titles, archive, delete, and no stranger", async () => {
  const [ada, eve] = [`ada-${randomUUID()}`, `eve-${randomUUID()}`];
  expect(await ask(ada, "POST", "/trip/messages", { text: "hi!" })).toEqual([200, { text: "whats up?" }]);
  expect(await ask(ada, "PATCH", "/trip", { title: "Rome" })).toMatchObject([200, { title: "Rome" }]);
  const messages = [
    { type: "human", text: "hi!" },
    { type: "ai", text: "whats up?" },
  ];
  expect(await ask(ada, "GET", "/trip/messages")).toMatchObject([200, { messages }]);
  expect(await ask(ada, "GET", "")).toMatchObject([200, { sessions: [{ sessionId: "trip", title: "Rome" }] }]);

  expect(await ask(eve, "GET", "/trip/messages")).toEqual([200, { messages: [] }]);
  expect(await ask(eve, "GET", "/trip")).toEqual([404, {}]);
  expect(await ask(eve, "PATCH", "/trip", { title: "mine" })).toEqual([404, {}]);
  expect(await ask(eve, "DELETE", "/trip")).toEqual([200, {}]);

  expect(await ask(ada, "PATCH", "/trip", { archived: true })).toMatchObject([200, { archived: true }]);
  expect(await ask(ada, "GET", "")).toEqual([200, { sessions: [] }]);
  expect(await ask(ada, "GET", "?archived=true")).toMatchObject([200, { sessions: [{ title: "Rome" }] }]);
  expect(await ask(ada, "DELETE", "")).toEqual([200, { deleted: 1 }]);
  expect(await ask(ada, "GET", "/trip/messages")).toEqual([200, { messages: [] }]);
});

test("pages hold every session once, the last active first", async () => {
  const user = `ada-${randomUUID()}`;
  for (let at = 0; at < 21; at += 1) await ask(user, "POST", `/${at}/messages`, { text: "hi!" });
  const ids: unknown[] = [];
  for (let path = ""; ; ) {
    const page: { sessions?: readonly { sessionId: string }[]; next?: string } = Object(
      (await ask(user, "GET", path))[1],
    );
    ids.push(...(page.sessions ?? []).map(({ sessionId }) => sessionId));
    if (page.next === undefined) break;
    path = `?after=${page.next}`;
  }
  expect(ids).toEqual(Array.from({ length: 21 }, (_, at) => `${20 - at}`));
});

test("what a browser may get wrong is its own error", async () => {
  const user = `ada-${randomUUID()}`;
  expect(await ask("", "GET", "")).toEqual([400, {}]);
  expect(await ask(user, "GET", "?after=elsewhere")).toEqual([400, {}]);
  await ask(user, "POST", "/trip/messages", { text: "hi!" });
  expect(await ask(user, "PATCH", "/trip", { titel: "Rome" })).toEqual([400, {}]);
  expect(await ask(user, "PUT", "/trip")).toEqual([404, {}]);
});
