import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { expect, onTestFinished, test } from "vitest";
import { texts } from "../support/messages.ts";
import { clusterEnvironment, openClient, openHistory } from "../support/session.ts";

const client = openClient();
const REQUESTS = 1000;
const SESSIONS = 50;
const AT_ONCE = 100;

/** The example as a process, and the address that it says it listens on. */
async function startServer(): Promise<{ readonly url: string; readonly stop: () => Promise<unknown> }> {
  const env = { ...clusterEnvironment(), PORT: "0" };
  const server: ChildProcess & { stdout: NonNullable<ChildProcess["stdout"]> } = spawn(
    process.execPath,
    ["--import", "tsx", "examples/web-server.ts"],
    { env, stdio: ["ignore", "pipe", "inherit"] },
  );
  onTestFinished(() => {
    server.kill("SIGKILL");
  });
  const exited = once(server, "exit");
  const stop = (): Promise<unknown> => {
    server.kill("SIGTERM");
    return exited;
  };
  for await (const line of createInterface({ input: server.stdout })) {
    const url = /^Listening on (\S+)$/.exec(line)?.[1];
    if (url !== undefined) return { url, stop };
  }
  throw new Error("The server ended without listening; its error is above.");
}

/** The server's connections, as the nodes count them: the driver tells them its application's name. */
async function countConnections(): Promise<number> {
  await client.connect();
  let count = 0;
  for (const host of client.hosts.values()) {
    const { rows } = await client.execute("SELECT client_options FROM system_views.clients", [], { host });
    count += rows.filter((row) => row["client_options"]?.APPLICATION_NAME === "web-server").length;
  }
  return count;
}

test("1,000 requests, with a history each on one shared client, open no connection", async () => {
  const { url, stop } = await startServer();
  const run = Date.now();
  const ask = async (session: number, question: string): Promise<void> => {
    const response = await fetch(`${url}/${run}-${session}`, { method: "POST", body: question });
    expect([response.status, await response.text()]).toEqual([200, "whats up?\n"]);
  };
  await ask(0, "warm up");
  const before = await countConnections();
  for (let at = 0; at < REQUESTS; at += AT_ONCE) {
    const sessions = Array.from({ length: AT_ONCE }, (_, offset) => (at + offset) % SESSIONS);
    await Promise.all(sessions.map((session) => ask(session, `question in ${session}`)));
  }
  expect(before).toBeGreaterThan(0);
  expect(await countConnections()).toBe(before);
  for (let session = 1; session < SESSIONS; session += 1) {
    const stored = await openHistory({ client, keyspace: "app", sessionId: `/${run}-${session}` }).getMessages();
    const turn = [`question in ${session}`, "whats up?"];
    expect(texts(stored)).toEqual(Array.from({ length: REQUESTS / SESSIONS }, () => turn).flat());
  }
  expect(await stop()).toEqual([0, null]);
  // A node notices some time after the process has ended.
  await expect.poll(countConnections, { timeout: 30_000 }).toBe(0);
});
