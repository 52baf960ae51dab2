import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { beforeAll, expect, test } from "vitest";
import type { CassandraChatMessageHistory } from "../../src/index.ts";
import { numbered, texts } from "../support/messages.ts";
import { clusterArguments, openClient, openHistory, ownKeyspace } from "../support/session.ts";
import { watchClient } from "../support/watch.ts";

const run = promisify(execFile);
const client = openClient();
const keyspace = ownKeyspace(client);
/** The first rounds are not timed: they warm up all sessions alike. */
const WARM_UP_ROUNDS = 20;
const ROUNDS = 300;
const FILL_TIMEOUT_MS = 400_000;
const sizes = [100, 10_000, 1_000_000];
const sessionOf = (size: number): string => `session of ${size}`;

async function fill(history: CassandraChatMessageHistory, size: number): Promise<void> {
  const STEP = 20_000;
  for (let from = 0; from < size; from += STEP) await history.addMessages(numbered(Math.min(STEP, size - from), from));
}

beforeAll(async () => {
  for (const size of sizes) await fill(openHistory({ client, keyspace, sessionId: sessionOf(size) }), size);
}, FILL_TIMEOUT_MS);

test("a window of 20 costs the same in sessions of 100, 10,000 and 1,000,000 messages", async () => {
  const histories = sizes.map((size) => openHistory({ client, keyspace, sessionId: sessionOf(size), maxMessages: 20 }));
  const times = sizes.map((): number[] => []);
  for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS; round += 1) {
    for (const [at, history] of histories.entries()) {
      const began = performance.now();
      const messages = await history.getMessages();
      if (round >= WARM_UP_ROUNDS) times[at]?.push(performance.now() - began);
      if (round === 0) expect(texts(messages)).toEqual(texts(numbered(20, (sizes[at] ?? 0) - 20)));
    }
  }
  const medians = times.map((list) => list.sort((a, b) => a - b)[ROUNDS / 2] ?? Number.NaN);
  const ratio = Math.max(...medians) / Math.min(...medians);
  console.log(
    `Window of 20 in ${sizes.join(", ")} messages: ${medians.map((ms) => ms.toFixed(2)).join(", ")} ms, ratio ${ratio.toFixed(2)}`,
  );
  expect(ratio).toBeLessThan(1.5);
});

test("count counts 1,000,000 rows", async () => {
  expect(await openHistory({ client, keyspace, sessionId: sessionOf(1_000_000) }).count()).toBe(1_000_000);
});

test("an append of 100,000 messages sends one request at a time, and entries reads them in less than 100 MiB", async () => {
  let inFlight = 0;
  let most = 0;
  const { watched } = watchClient(client, async (_, send) => {
    most = Math.max(most, ++inFlight);
    return send().finally(() => {
      inFlight -= 1;
    });
  });
  const history = openHistory({ client: watched, keyspace });
  await history.setup();
  most = 0;
  const entries = await history.append(numbered(100_000));
  expect(entries).toHaveLength(100_000);
  expect(most).toBe(1);
  const node = ["--expose-gc", "--import", "tsx", "test/programs/read-entries.ts"];
  const { stdout } = await run(process.execPath, [...node, ...clusterArguments(), keyspace, history.sessionId]);
  const { count, grownMiB }: { count: number; grownMiB: number } = JSON.parse(stdout);
  console.log(`100,000 entries read: memory grew by ${grownMiB.toFixed(1)} MiB at most`);
  expect(count).toBe(100_000);
  expect(grownMiB).toBeLessThan(100);
});
