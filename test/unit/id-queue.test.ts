import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { IdQueue } from "../../src/history/id-queue.ts";
import { SessionClock } from "../../src/ids/clock.ts";
import { MOST_SESSIONS } from "../../src/ids/session-memory.ts";
import { forgetClock } from "../support/clock.ts";
import { expectAscending, lastIdAt } from "../support/timeuuid.ts";

const realNow = Date.now;
const DAY = 86_400_000;
/** The session's newest id: a minute ahead of the clock. */
const newest = lastIdAt((realNow() + 60_000) * 1000);

beforeEach(() => {
  forgetClock();
  // One more than the process remembers, so that one is forgotten; all are further ahead than the session of the test.
  for (let at = 0; at <= MOST_SESSIONS; at += 1) {
    new SessionClock("other", `${at}`).observe(lastIdAt((realNow() + DAY) * 1000 + at));
  }
});

afterEach(() => {
  vi.restoreAllMocks();
  forgetClock();
});

/** A queue whose reads are answered when the test says so. */
function openQueue(): {
  queue: IdQueue;
  answers: ((id: string | undefined) => void)[];
  fail: ((error: Error) => void)[];
} {
  const answers: ((id: string | undefined) => void)[] = [];
  const fail: ((error: Error) => void)[] = [];
  const read = (): Promise<string | undefined> =>
    new Promise((resolve, reject) => {
      answers.push(resolve);
      fail.push(reject);
    });
  return { queue: new IdQueue(new SessionClock("k", "t", "s"), read), answers, fail };
}

/** Every promise that can go on has gone on. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("ids are there at once where the clock is not behind, also of the calls after one that waited", async () => {
  const { queue, answers } = openQueue();
  const first = queue.take(1, undefined);
  await settled();
  answers[0]?.(newest);
  await first;
  vi.spyOn(Date, "now").mockImplementation(() => realNow() + 2 * DAY);
  expect(queue.take(2, undefined)).toHaveLength(2);
  expect(answers).toHaveLength(1);
});

test("calls that come while one waits get their ids after it, though the clock has passed what was forgotten", async () => {
  const { queue, answers } = openQueue();
  const first = queue.take(2, undefined);
  await settled();
  vi.spyOn(Date, "now").mockImplementation(() => realNow() + 2 * DAY);
  const second = queue.take(1, undefined);
  const third = queue.take(1, undefined);
  answers[0]?.(newest);
  const ids = (await Promise.all([first, second, third])).flat();
  expectAscending([newest, ...ids]);
  expect(answers).toHaveLength(1);
});

test("a session that is forgotten again is read again, and its ids on their way are kept in order", async () => {
  const { queue, answers } = openQueue();
  const calls = [queue.take(2, undefined), queue.take(2, undefined)];
  for (let at = 0; at < 2; at += 1) {
    await vi.waitUntil(() => answers.length > at);
    answers[at]?.(newest);
  }
  expectAscending([newest, ...(await Promise.all(calls)).flat()]);
});

test("a call that fails, or is given up, leaves the next its turn", async () => {
  const { queue, answers, fail } = openQueue();
  const failed = new Error("failed");
  const stop = new AbortController();
  const [first, second, third] = [queue.take(1, undefined), queue.take(1, stop.signal), queue.take(1, undefined)];
  stop.abort(failed);
  await settled();
  fail[0]?.(failed);
  await expect(first).rejects.toBe(failed);
  await expect(second).rejects.toBe(failed);
  await vi.waitUntil(() => answers.length > 1);
  answers[1]?.(newest);
  expectAscending([newest, ...((await third) ?? [])]);
});

test("an empty session begins at the clock's time", async () => {
  const { queue, answers } = openQueue();
  const ids = queue.take(2, undefined);
  await settled();
  answers[0]?.(undefined);
  expectAscending([lastIdAt((realNow() - 1000) * 1000), ...(await ids), lastIdAt((realNow() + 1000) * 1000)]);
});
