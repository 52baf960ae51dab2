import { getEventListeners } from "node:events";
import { expect, test, vi } from "vitest";
import { onAbort, untilAborted } from "../../src/table/abort.ts";

const never = (): Promise<never> => new Promise(() => {});

test("without a signal, untilAborted gives back the promise itself", () => {
  const promise = Promise.resolve(1);
  expect(untilAborted(promise, undefined)).toBe(promise);
});

test("a promise that settles before an abort keeps its outcome", async () => {
  const { signal } = new AbortController();
  const failed = new Error("failed");
  expect(await untilAborted(Promise.resolve(1), signal)).toBe(1);
  await expect(untilAborted(Promise.reject(failed), signal)).rejects.toBe(failed);
});

test("an abort rejects every call that waits, with the signal's reason", async () => {
  const controller = new AbortController();
  const calls = Array.from({ length: 3 }, () => untilAborted(never(), controller.signal));
  const outcomes = Promise.allSettled(calls);
  controller.abort("enough");
  expect(await outcomes).toEqual(calls.map(() => ({ status: "rejected", reason: "enough" })));
});

test("one listener for each signal, however many calls share it; none once they have ended", async () => {
  const controller = new AbortController();
  const { signal } = controller;
  let end = (): void => {};
  const work = new Promise<void>((resolve) => {
    end = resolve;
  });
  const calls = Array.from({ length: 20 }, () => untilAborted(work, signal));
  expect(getEventListeners(signal, "abort")).toHaveLength(1);
  end();
  await Promise.all(calls);
  expect(getEventListeners(signal, "abort")).toEqual([]);
  // The next call listens again.
  const next = untilAborted(never(), signal);
  controller.abort("enough");
  await expect(next).rejects.toBe("enough");
  expect(getEventListeners(signal, "abort")).toEqual([]);
});

test("a callback that is taken back is not called, the others are", () => {
  const controller = new AbortController();
  const called: string[] = [];
  const forget = onAbort(controller.signal, () => called.push("taken back"));
  onAbort(controller.signal, () => called.push("stays"));
  forget();
  forget();
  controller.abort();
  expect(called).toEqual(["stays"]);
});

test("a callback that takes itself back, as a waiting call does, keeps none from being called", () => {
  const controller = new AbortController();
  const called: number[] = [];
  for (const at of [0, 1, 2]) {
    const forget = onAbort(controller.signal, () => {
      forget();
      called.push(at);
    });
  }
  controller.abort();
  expect(called).toEqual([0, 1, 2]);
});

test("a call that fails after it was given up leaves no rejection that nobody handles", async () => {
  const unhandled = vi.fn();
  process.on("unhandledRejection", unhandled);
  const controller = new AbortController();
  let fail = (): void => {};
  const work = new Promise<never>((_, reject) => {
    fail = () => reject(new Error("late"));
  });
  const call = untilAborted(work, controller.signal);
  controller.abort("enough");
  await expect(call).rejects.toBe("enough");
  fail();
  await new Promise((resolve) => setImmediate(resolve));
  process.off("unhandledRejection", unhandled);
  expect(unhandled).not.toHaveBeenCalled();
});
