import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { promisify } from "node:util";
import { describe, expect, inject, test } from "vitest";
import { openClient, openHistory, ownKeyspace } from "../support/session.ts";

const run = promisify(execFile);
const client = openClient();
const keyspace = ownKeyspace(client);

async function runCopies(copies: string, world: string): Promise<unknown> {
  const sessionId = randomUUID();
  await openHistory({ client, keyspace, sessionId }).setup();
  const cluster = [inject("contactPoints").join(","), inject("localDataCenter")];
  const args = ["test/programs/built-copies.mjs", ...cluster, keyspace, sessionId, copies, world];
  return JSON.parse((await run(process.execPath, args)).stdout);
}

describe.each(["one", "two"])("%s of the builds in a process", (copies) => {
  test.each(["an ordinary process", "no new globals", "a broken clock at import"])(
    "keep the order of a session over steps back: %s",
    async (world) => {
      const seen = [
        ["a", "b", "c"],
        ["d", "e"],
      ];
      expect(await runCopies(copies, world)).toEqual({ seen, copies, isDatedNow: true });
    },
  );
});

test("one copy keeps it where neither the global object nor process takes a new property", async () => {
  const seen = [
    ["a", "b", "c"],
    ["d", "e"],
  ];
  expect(await runCopies("one", "nothing new at all")).toEqual({ seen, copies: "one", isDatedNow: true });
});
