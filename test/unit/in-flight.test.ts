import type { Client } from "cassandra-driver";
import { expect, test } from "vitest";
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
