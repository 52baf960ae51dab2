import type { Client } from "cassandra-driver";

/**
 * Requests in flight per client. The driver refuses the 2,049th on a node; a quarter of that leaves room for the
 * application's own requests and for a second copy of this library, and more than 128 bring no more throughput to a node.
 */
const MAX_IN_FLIGHT = 512;

const lanes = new WeakMap<Client, Lane>();

/** Runs the request as soon as fewer than the allowed number are in flight on this client, in order of arrival. */
export async function sendRequest<Result>(client: Client, request: () => Promise<Result>): Promise<Result> {
  const lane = laneOf(client);
  const turn = lane.enter();
  if (turn !== undefined) await turn;
  try {
    return await request();
  } finally {
    lane.leave();
  }
}

function laneOf(client: Client): Lane {
  const known = lanes.get(client);
  if (known !== undefined) return known;
  const lane = new Lane();
  lanes.set(client, lane);
  return lane;
}

/** A queue of two stacks: each waiting request is moved once, however many wait. */
class Lane {
  #inFlight = 0;
  readonly #arriving: (() => void)[] = [];
  #leaving: (() => void)[] = [];

  enter(): Promise<void> | undefined {
    if (this.#inFlight >= MAX_IN_FLIGHT) return new Promise((enter) => this.#arriving.push(enter));
    this.#inFlight += 1;
    return undefined;
  }

  /** Hands the place to the request that has waited longest. */
  leave(): void {
    if (this.#leaving.length === 0 && this.#arriving.length > 0) this.#leaving = this.#arriving.splice(0).reverse();
    const next = this.#leaving.pop();
    if (next === undefined) this.#inFlight -= 1;
    else next();
  }
}
