/**
 * Holds what the benchmark found. The number of requests is exact. CPU is compared with the bare driver's, within wide bounds,
 * since machines are noisy; `npm run bench` gives the figures.
 */
import { expect, test } from "vitest";
import { libraryContender } from "../../bench/contenders/library.ts";
import { Raw } from "../../bench/contenders/raw.ts";
import { measure, ratioTo } from "../../bench/measure.ts";
import { conversation } from "../../bench/messages.ts";
import { SCENARIOS } from "../../bench/scenarios.ts";
import { openClient, openHistory, ownKeyspace } from "../support/session.ts";
import { watchClient } from "../support/watch.ts";

const client = openClient();
const keyspace = ownKeyspace(client);

test("each operation costs one request", async () => {
  const { watched, requests } = watchClient(client);
  const history = openHistory({ client: watched, keyspace });
  await history.setup();
  const requestsOf = async (operation: () => Promise<unknown>): Promise<number> => {
    requests.length = 0;
    await operation();
    return requests.length;
  };
  const messages = conversation(128);
  expect(await requestsOf(() => history.addMessages(messages.slice(0, 1)))).toBe(1);
  expect(await requestsOf(() => history.addMessages(messages.slice(0, 2)))).toBe(1);
  expect(await requestsOf(() => Promise.all(messages.map((message) => history.addMessage(message))))).toBe(1);
  expect(await requestsOf(() => history.getMessages())).toBe(1);
  expect(await requestsOf(() => history.getMessages({ maxMessages: 20 }))).toBe(1);
  const other = openHistory({ client: watched, keyspace, sessionId: history.sessionId, maxMessages: 20 });
  expect(await requestsOf(() => other.getMessages())).toBe(1);
});

test.each([
  ["one add", 2],
  ["a turn of two, 128 in flight", 2.5],
  ["128 adds, none awaited, one session", 1],
  ["read all of 1,000", 2],
  ["the last 20 of 1,000", 2.5],
  ["append 1,000 at once", 1.5],
])("%s: CPU at most %d times the bare driver's", async (name, most) => {
  const scenario = SCENARIOS.find((one) => one.name === name);
  if (scenario === undefined) throw new Error(`Expected an operation ${name}.`);
  const trials = [];
  for (const contender of [await Raw.create("raw", client, keyspace), libraryContender(client, keyspace)]) {
    trials.push({ name: contender.name, run: await scenario.prepare(contender) });
  }
  const [raw = [], own = []] = (await measure(trials, { seconds: 4, sampleMs: 30 })).values();
  expect(ratioTo([raw], own, ({ cpu }) => cpu)).toBeLessThan(most);
});
