import { inspect } from "node:util";
import { type Client, errors } from "cassandra-driver";
import fc from "fast-check";
import { expect, test } from "vitest";
import { BUSY_PAUSE_MS } from "../../src/options/limits.ts";
import { sendRequest } from "../../src/table/in-flight.ts";
import { unconnectedClient } from "../support/session.ts";

const MAX_IN_FLIGHT = 512;
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Requests that end when the test says so. `sent` has those that have been sent. */
function requests(
  client: Client,
  count: number,
  from = 0,
): { sent: number[]; end: (at: number, failed?: Error) => void } {
  const sent: number[] = [];
  const ends = new Map<number, (failed?: Error) => void>();
  for (let at = from; at < from + count; at += 1) {
    const request = (): Promise<void> => {
      sent.push(at);
      return new Promise((resolve, reject) => ends.set(at, (failed) => (failed ? reject(failed) : resolve())));
    };
    sendRequest(client, request).catch(() => {});
  }
  return { sent, end: (at, failed) => ends.get(at)?.(failed) };
}

test("requests run at once up to the limit, and each that ends or fails starts the next in order", async () => {
  const { sent, end } = requests(unconnectedClient(), MAX_IN_FLIGHT + 4);
  await settled();
  expect(sent.length).toBe(MAX_IN_FLIGHT);
  end(7);
  end(5, new Error("failed"));
  await settled();
  expect(sent.slice(MAX_IN_FLIGHT)).toEqual([MAX_IN_FLIGHT, MAX_IN_FLIGHT + 1]);
  end(MAX_IN_FLIGHT);
  end(MAX_IN_FLIGHT + 1);
  await settled();
  expect(sent).toEqual(Array.from({ length: MAX_IN_FLIGHT + 4 }, (_, at) => at));
});

test("the request that has waited longest goes first, also when others came after a first one had gone", async () => {
  const client = unconnectedClient();
  const { sent, end } = requests(client, MAX_IN_FLIGHT + 2);
  end(0);
  await settled();
  const later = requests(client, 2, 1000);
  end(1);
  await settled();
  expect([sent.slice(MAX_IN_FLIGHT), later.sent]).toEqual([[MAX_IN_FLIGHT, MAX_IN_FLIGHT + 1], []]);
  end(2);
  end(3);
  await settled();
  expect(later.sent).toEqual([1000, 1001]);
});

test("a request that ends while none waits leaves room for exactly one", async () => {
  const client = unconnectedClient();
  const { end } = requests(client, MAX_IN_FLIGHT);
  end(0);
  await settled();
  const { sent } = requests(client, 2, 1000);
  await settled();
  expect(sent).toEqual([1000]);
});

test("a client at its limit holds back no other client", async () => {
  requests(unconnectedClient(), MAX_IN_FLIGHT);
  expect(await sendRequest(unconnectedClient(), async () => "sent")).toBe("sent");
});

/** A client with so many connections, to each node, that take so many requests. */
function pooled(most: number | undefined, ...connections: number[]): Client {
  const state = {
    getConnectedHosts: () => connections.map((_, at) => at),
    getOpenConnections: (at: number) => connections[at],
  };
  return { options: { pooling: { maxRequestsPerConnection: most } }, getState: () => state } as unknown as Client;
}

test.each([
  ["default settings", pooled(undefined, 1), 512],
  ["default settings and three nodes", pooled(undefined, 1, 1, 1), 512],
  ["512 requests", pooled(512, 1), 128],
  ["64 requests", pooled(64, 1), 16],
  ["64 requests, 4 connections", pooled(64, 4), 64],
  ["64 requests, 4 connections to one node and 2 to another", pooled(64, 4, 2), 32],
  ["1 request", pooled(1, 1), 1],
  ["no connection yet", pooled(64), 16],
  ["no number", pooled("many" as never, 1), 512],
  ["no number above 0", pooled(0, 1), 512],
  ["no state", { options: {} } as unknown as Client, 512],
  ["no options", {} as unknown as Client, 512],
])("%s: so many at once", async (_, client, limit) => {
  const { sent } = requests(client, 600);
  await settled();
  expect(sent).toHaveLength(limit);
});

test("connections are counted as soon as the client has some, and again after 256 requests", async () => {
  const connections: number[] = [];
  const state = {
    getConnectedHosts: () => connections.map((_, at) => at),
    getOpenConnections: (at: number) => connections[at],
  };
  const client = { options: { pooling: { maxRequestsPerConnection: 4 } }, getState: () => state } as unknown as Client;
  await sendRequest(client, async () => {});
  connections.push(8);
  expect(requests(client, 20).sent).toHaveLength(8);
  const other = { options: { pooling: { maxRequestsPerConnection: 4 } }, getState: () => state } as unknown as Client;
  await sendRequest(other, async () => {});
  connections[0] = 1;
  for (let at = 0; at < 255; at += 1) await sendRequest(other, async () => {});
  expect(requests(other, 20).sent).toHaveLength(1);
});

const busy = (): Error => new errors.BusyConnectionError("10.0.0.1:9042", 1, 1);

test("a request that found all connections busy goes again when one of ours has ended, in its old order", async () => {
  const client = pooled(16, 1);
  let room = 2;
  const tried: number[] = [];
  const ends: (() => void)[] = [];
  for (let at = 0; at < 8; at += 1) {
    void sendRequest(client, async () => {
      tried.push(at);
      if (room === 0) throw busy();
      room -= 1;
      await new Promise<void>((resolve) => ends.push(resolve));
      room += 1;
    });
  }
  await settled();
  // Four are allowed; two find room.
  expect(tried).toEqual([0, 1, 2, 3]);
  for (let at = 0; at < 8; at += 1) {
    ends.shift()?.();
    await settled();
  }
  expect(tried).toEqual([0, 1, 2, 3, 2, 3, 4, 5, 6, 7]);
});

test("where others fill all connections, the only one of ours is tried again until there is room", async () => {
  let tries = 0;
  const result = await sendRequest(pooled(1, 1), async () => {
    tries += 1;
    if (tries < 5) throw busy();
    return "sent";
  });
  expect([result, tries]).toEqual(["sent", 5]);
});

test.each([
  ["a text", "enough"],
  // A caller may pass on what another request failed with.
  ["an error of the driver's", busy()],
  ["what cannot be read", unreadable("message")],
])(
  "a call that is given up while it waits for room is not tried again: the reason is %s",
  async (_, reason) => {
    const stop = new AbortController();
    let tries = 0;
    const request = async (): Promise<never> => {
      tries += 1;
      stop.abort(reason);
      throw busy();
    };
    const client = pooled(1, 1);
    const outcome: unknown = await sendRequest(client, request, stop.signal).catch((error: unknown) => error);
    expect(outcome === reason).toBe(true);
    expect(tries).toBe(1);
    expect(await sendRequest(client, async () => "the place is free")).toBe("the place is free");
  },
  5000,
);

test("a call that is given up in the queue rejects at once, and the others keep their order", async () => {
  const client = pooled(4, 1);
  const { sent, end } = requests(client, 2);
  const stop = new AbortController();
  const givenUp = sendRequest(client, async () => sent.push(-1), stop.signal);
  const last = sendRequest(client, async () => sent.push(2));
  stop.abort("enough");
  await expect(givenUp).rejects.toBe("enough");
  expect(sent).toEqual([0]);
  end(0);
  await settled();
  end(1);
  await last;
  expect(sent).toEqual([0, 1, 2]);
});

test.each(["message", "stack", "code", "info", "innerErrors", "name"])(
  "an error whose %s throws when it is read keeps no place, and is not shown",
  async (field) => {
    const client = unconnectedClient();
    const more = requests(client, MAX_IN_FLIGHT - 1);
    for (const error of [unreadable(field), Object.assign(new Error("any"), { innerErrors: [unreadable(field)] })]) {
      const failure: unknown = await sendRequest(client, () => Promise.reject(error)).catch(
        (reason: unknown) => reason,
      );
      expect([failure instanceof Error, inspect(failure)]).toEqual([true, expect.not.stringContaining("secret")]);
    }
    expect(await sendRequest(client, async () => "sent")).toBe("sent");
    more.end(1);
  },
);

function unreadable(field: string): Error {
  const get = (): never => {
    throw new Error("secret");
  };
  return Object.defineProperty(new Error("any"), field, { get });
}

test("connections that stay busy for 12 s are the call's error", async () => {
  let tries = 0;
  const failing = sendRequest(pooled(1, 1), async () => {
    tries += 1;
    throw busy();
  });
  await expect(failing).rejects.toBeInstanceOf(errors.BusyConnectionError);
  expect(tries * BUSY_PAUSE_MS).toBeGreaterThanOrEqual(12_000);
});

test.each([
  ["busy on every node", allNodes(busy(), busy()), 2],
  ["busy on one, and one is down", allNodes("Host considered as DOWN", busy()), 2],
  ["busy on one, and no connection to one", allNodes(new Error("No connection available"), busy()), 2],
  ["busy on one, and one did not answer", allNodes(new errors.OperationTimedOutError("no answer"), busy()), 1],
  ["all are down", allNodes("Host considered as DOWN"), 1],
  ["no node", allNodes(), 1],
])("%s", async (_, error, expected) => {
  let tries = 0;
  const request = async (): Promise<void> => {
    tries += 1;
    if (tries === 1) throw error;
  };
  await sendRequest(pooled(1, 1), request).catch(() => {});
  expect(tries).toBe(expected);
});

function allNodes(...inner: unknown[]): Error {
  return new errors.NoHostAvailableError(Object.fromEntries(inner.map((one, at) => [`10.0.0.${at}:9042`, one])));
}

/** One thing that happens. A number picks one of those that are there. */
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("arrive" as const), at: fc.nat(), hasSignal: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom("end", "fail"), at: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("abort" as const), at: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("room" as const), at: fc.nat({ max: 4 }) }) },
);

test("whatever arrives, ends, fails, is given up or finds no room: in order, within the limit, never stuck", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 5 }), fc.array(step, { maxLength: 60 }), async (limit, steps) => {
      const client = pooled(4 * limit, 1);
      let room = limit;
      let next = 0;
      const running = new Map<number, (error?: Error) => void>();
      const waiting: number[] = [];
      const signals = new Map<number, AbortController>();
      const outcomes: Promise<unknown>[] = [];
      const pick = <Item>(items: Iterable<Item>, at: number): Item | undefined => {
        const all = [...items];
        return all[at % Math.max(1, all.length)];
      };
      const arrive = (hasSignal: boolean): void => {
        const number = next++;
        const controller = hasSignal ? new AbortController() : undefined;
        if (controller) signals.set(number, controller);
        waiting.push(number);
        const request = async (): Promise<void> => {
          if (running.size >= room) throw busy();
          // Nobody who came earlier still waits, but for those who are given up in this very turn.
          expect(waiting.filter((one) => !signals.get(one)?.signal.aborted)[0]).toBe(number);
          waiting.splice(waiting.indexOf(number), 1);
          expect(controller?.signal.aborted ?? false).toBe(false);
          await new Promise<void>((resolve, reject) => {
            running.set(number, (error) => (error ? reject(error) : resolve()));
          });
        };
        outcomes.push(
          sendRequest(client, request, controller?.signal).catch((error: unknown) => {
            if (error !== "given up" && error !== failed) throw error;
          }),
        );
      };
      for (const one of steps) {
        if (one.kind === "arrive") arrive("hasSignal" in one && one.hasSignal);
        else if (one.kind === "room") room = Math.min(limit, one.at + 1);
        else if (one.kind === "abort") pick(signals.values(), one.at)?.abort("given up");
        else {
          const number = pick(running.keys(), one.at);
          if (number === undefined) continue;
          running.get(number)?.(one.kind === "fail" ? failed : undefined);
          running.delete(number);
        }
        await settled();
        expect(running.size).toBeLessThanOrEqual(limit);
      }
      room = limit;
      while (running.size > 0) {
        for (const [number, end] of running) {
          running.delete(number);
          end();
        }
        await settled();
      }
      await Promise.all(outcomes);
    }),
    { numRuns: 300 },
  );
});

const failed = new Error("failed");

test.each([0, MAX_IN_FLIGHT])(
  "a request whose signal is aborted already rejects with the reason at once, and is not sent: %i are in flight",
  async (inFlight) => {
    const client = unconnectedClient();
    requests(client, inFlight);
    await settled();
    const reason = new Error("enough");
    const outcomes: unknown[] = [];
    const sent = sendRequest(client, async () => "sent", AbortSignal.abort(reason));
    sent.then(
      (result) => outcomes.push(result),
      (error: unknown) => outcomes.push(error),
    );
    await settled();
    expect(outcomes).toEqual([reason]);
  },
);

test.each(Array.from({ length: 12 }, (_, at) => at))(
  "a request that is given up %i microtasks after a place comes free is never sent later, and gives the place on",
  async (microtasks) => {
    const client = unconnectedClient();
    const reason = new Error("enough");
    const stop = new AbortController();
    const { end } = requests(client, MAX_IN_FLIGHT);
    await settled();
    let sent = 0;
    const request = async (): Promise<void> => {
      sent += 1;
    };
    const outcome = Promise.allSettled([sendRequest(client, request, stop.signal)]);
    await settled();
    end(0);
    for (let passed = 0; passed < microtasks; passed += 1) await Promise.resolve();
    const sentBefore = sent;
    stop.abort(reason);
    const [settledAs] = await outcome;
    expect(sent).toBe(sentBefore);
    if (sent === 0) expect(settledAs).toEqual({ status: "rejected", reason });
    expect(await sendRequest(client, async () => "next")).toBe("next");
  },
);
