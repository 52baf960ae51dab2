import { expect, test } from "vitest";
import { LogWrites } from "../../../src/agent/log-writes.ts";

test("a write is known to whoever looked before it, on its own log only", () => {
  const writes = new LogWrites();
  const before = writes.now;
  writes.note("a");
  expect(writes.hasWriteSince("a", before)).toBe(true);
  expect(writes.hasWriteSince("b", before)).toBe(false);
  expect(writes.hasWriteSince("a", writes.now)).toBe(false);
});

test("a write that was forgotten may have been made to any log", () => {
  const writes = new LogWrites(2);
  const before = writes.now;
  for (const log of ["a", "b"]) writes.note(log);
  expect(writes.hasWriteSince("other", before)).toBe(false);
  writes.note("c");
  expect(writes.hasWriteSince("a", before)).toBe(true);
  expect(writes.hasWriteSince("other", before)).toBe(true);
  expect(writes.hasWriteSince("other", writes.now)).toBe(false);
});

test("tasks on one log are run one after the other, after one that fails as well; those on another beside them", async () => {
  const writes = new LogWrites();
  const events: string[] = [];
  let end = (): void => {};
  const first = writes.runAlone("a", async () => {
    events.push("first begins");
    await new Promise<void>((resolve) => {
      end = resolve;
    });
    events.push("first fails");
    throw new Error("broken");
  });
  const second = writes.runAlone("a", async () => {
    events.push("second");
  });
  await writes.runAlone("b", async () => {
    events.push("other");
  });
  end();
  await expect(first).rejects.toThrow("broken");
  await second;
  expect(events).toEqual(["first begins", "other", "first fails", "second"]);
});
