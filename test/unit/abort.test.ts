import { expect, test, vi } from "vitest";
import { untilAborted } from "../../src/table/abort.ts";

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

test("calls that share a signal add one listener to it", () => {
  const { signal } = new AbortController();
  const listen = vi.spyOn(signal, "addEventListener");
  for (let call = 0; call < 20; call += 1) void untilAborted(never(), signal);
  expect(listen.mock.calls).toEqual([["abort", expect.any(Function), { once: true }]]);
});
