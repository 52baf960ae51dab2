import { expect, test } from "vitest";
import { CallOrder } from "../../src/history/call-order.ts";

type Kind = Parameters<CallOrder["run"]>[0];

/** Calls that begin when their order lets them, and end when the test says so. */
function calls(order: CallOrder, ...kinds: Kind[]): { begun: string[]; end: ((failed?: Error) => void)[] } {
  const begun: string[] = [];
  const end: ((failed?: Error) => void)[] = [];
  for (const [at, kind] of kinds.entries()) {
    const ended = new Promise<void>((resolve, reject) => {
      end.push((failed) => (failed === undefined ? resolve() : reject(failed)));
    });
    const call = (): Promise<void> => {
      begun.push(`${kind} ${at}`);
      return ended;
    };
    order.run(kind, call).catch(() => {});
  }
  return { begun, end };
}

/** Every promise that can go on has gone on. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test.each(["add", "read"] as const)("calls of a kind that changes no order begin at once: %s", async (kind) => {
  expect(calls(new CallOrder(), kind, kind).begun).toEqual([`${kind} 0`, `${kind} 1`]);
});

test("each edit waits for what came before", async () => {
  const { begun, end } = calls(new CallOrder(), "edit", "edit", "edit");
  expect(begun).toEqual(["edit 0"]);
  end[0]?.();
  await settled();
  expect(begun).toEqual(["edit 0", "edit 1"]);
  end[1]?.();
  await settled();
  expect(begun).toEqual(["edit 0", "edit 1", "edit 2"]);
});

test("another kind waits for all of the kind before it, and those after wait with it", async () => {
  const { begun, end } = calls(new CallOrder(), "add", "add", "read", "read", "add");
  end[0]?.();
  await settled();
  expect(begun).toEqual(["add 0", "add 1"]);
  end[1]?.();
  await settled();
  expect(begun).toEqual(["add 0", "add 1", "read 2", "read 3"]);
  end[2]?.();
  end[3]?.();
  await settled();
  expect(begun).toEqual(["add 0", "add 1", "read 2", "read 3", "add 4"]);
});

test("a call that fails holds up nobody, and rejects with its own error", async () => {
  const order = new CallOrder();
  const failed = new Error("failed");
  const first = order.run("edit", () => Promise.reject(failed));
  const second = order.run("edit", async () => "second");
  await expect(first).rejects.toBe(failed);
  expect(await second).toBe("second");
});

test("a call waits for nothing once everything before it has ended", async () => {
  const order = new CallOrder();
  await order.run("edit", async () => {});
  expect(calls(order, "read").begun).toEqual(["read 0"]);
  const joined = calls(order, "read", "edit");
  expect(joined.begun).toEqual(["read 0"]);
});

test("a group that ends leaves a newer one in its place", async () => {
  const order = new CallOrder();
  const { end } = calls(order, "add", "edit");
  end[0]?.();
  await settled();
  expect(calls(order, "read").begun).toEqual([]);
});
