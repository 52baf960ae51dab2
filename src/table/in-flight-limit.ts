import type { Client } from "cassandra-driver";
import { DRIVER_REQUESTS_PER_CONNECTION, IN_FLIGHT_SHARE, MAX_IN_FLIGHT } from "../options/limits.ts";
import { onAbort } from "./abort.ts";

/** Requests after which the client's connections are counted again. */
const REQUESTS_BETWEEN_COUNTS = 256;

/** A request that waits. The list is linked both ways, so that an aborted request leaves it at once, however many wait. */
interface Waiting {
  /** The lower goes first. */
  readonly arrival: number;
  readonly enter: () => void;
  before: Waiting | undefined;
  after: Waiting | undefined;
}

/**
 * How many requests of one client are in flight at once: `limitOf`, from the client's open connections. The others wait, in the
 * order of their arrival.
 */
export class Gate {
  readonly #client: Client;
  #inFlight = 0;
  #limit = 1;
  #untilNextCount = 0;
  #arrivals = 0;
  #first: Waiting | undefined;
  #last: Waiting | undefined;

  constructor(client: Client) {
    this.#client = client;
  }

  nextArrival(): number {
    this.#arrivals += 1;
    return this.#arrivals;
  }

  /** Resolves when the request may go. Undefined where it may go at once. Rejects with the signal's reason. */
  enter(arrival: number, signal: AbortSignal | undefined): Promise<void> | undefined {
    if (this.#first !== undefined || !this.#hasRoom()) return this.#wait(arrival, signal);
    this.#inFlight += 1;
    return undefined;
  }

  /** Ends a request. The requests that have waited longest take its place, and any further place that is free. */
  leave(): void {
    this.#inFlight -= 1;
    while (this.#first !== undefined && this.#hasRoom()) {
      const { enter } = this.#first;
      this.#remove(this.#first);
      this.#inFlight += 1;
      enter();
    }
  }

  /**
   * Puts a request back that the driver had no room for. It keeps its place in the order, and goes when a request that is in
   * flight has ended. Until the connections are counted again, the limit is what is in flight now. Undefined where no other
   * request is in flight: this one stays in flight.
   */
  stepBack(arrival: number, signal: AbortSignal | undefined): Promise<void> | undefined {
    if (this.#inFlight <= 1) return undefined;
    this.#inFlight -= 1;
    this.#limit = this.#inFlight;
    return this.#wait(arrival, signal);
  }

  #hasRoom(): boolean {
    if (this.#untilNextCount === 0) {
      const connections = fewestConnections(this.#client);
      this.#limit = limitOf(this.#client, connections ?? 1);
      // A client connects at its first request: count again at the next one.
      this.#untilNextCount = connections === undefined ? 1 : REQUESTS_BETWEEN_COUNTS;
    }
    if (this.#inFlight >= this.#limit) return false;
    this.#untilNextCount -= 1;
    return true;
  }

  #wait(arrival: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      let forget = (): void => {};
      const enter = (): void => {
        forget();
        resolve();
      };
      const waiting = this.#insert(arrival, enter);
      if (signal === undefined) return;
      forget = onAbort(signal, () => {
        forget();
        this.#remove(waiting);
        reject(signal.reason);
      });
    });
  }

  /** Adds a request at the end. One that stepped back goes before all that arrived later, which is near the beginning. */
  #insert(arrival: number, enter: () => void): Waiting {
    let after = this.#last !== undefined && this.#last.arrival > arrival ? this.#first : undefined;
    while (after !== undefined && after.arrival < arrival) after = after.after;
    const before = after === undefined ? this.#last : after.before;
    const waiting: Waiting = { arrival, enter, before, after };
    if (before === undefined) this.#first = waiting;
    else before.after = waiting;
    if (after === undefined) this.#last = waiting;
    else after.before = waiting;
    return waiting;
  }

  #remove({ before, after }: Waiting): void {
    if (before === undefined) this.#first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
  }
}

/** A share of what the connections of one node take, at least one request. */
function limitOf(client: Client, connections: number): number {
  const all = requestsPerConnection(client) * connections;
  return Math.max(1, Math.min(MAX_IN_FLIGHT, Math.floor(all * IN_FLIGHT_SHARE)));
}

/** The client's own option, if it is a number of 1 or more. The application may have set anything. */
function requestsPerConnection(client: Client): number {
  const given: unknown = Reflect.get(
    Object(Reflect.get(Object(Reflect.get(client, "options")), "pooling")),
    "maxRequestsPerConnection",
  );
  return typeof given === "number" && given >= 1 ? given : DRIVER_REQUESTS_PER_CONNECTION;
}

/** Open connections of the node that has the fewest; undefined where the client is connected to none. */
function fewestConnections(client: Client): number | undefined {
  // A stand-in for a client may have no state.
  if (typeof Reflect.get(client, "getState") !== "function") return 1;
  const state = client.getState();
  const open = state.getConnectedHosts().map((host) => state.getOpenConnections(host));
  return open.length === 0 ? undefined : Math.max(1, Math.min(...open));
}
