import type { Client } from "cassandra-driver";
import { isConnectionBusy } from "../errors/driver-errors.ts";
import { DRIVER_REQUESTS_PER_CONNECTION, IN_FLIGHT_SHARE, MAX_IN_FLIGHT } from "../options/limits.ts";
import { onAbort, throwIfAborted } from "./abort.ts";

/** Requests after which the number of the client's connections is looked at again. */
const REQUESTS_BETWEEN_LOOKS = 256;

const gates = new WeakMap<Client, Gate>();

/**
 * Hands the request to the driver as soon as fewer than the client's connections take are in flight, in order of arrival. One
 * whose signal aborts before that is never handed over, gives its place up, and rejects with the signal's reason.
 */
export async function sendRequest<Result>(
  client: Client,
  request: () => Promise<Result>,
  signal?: AbortSignal,
): Promise<Result> {
  throwIfAborted(signal);
  const gate = gateOf(client);
  const turn = gate.enter(signal);
  if (turn !== undefined) await turn;
  try {
    throwIfAborted(signal);
    return await request();
  } catch (error) {
    // The driver sent nothing: connections are fewer than before, or the application's own requests fill them.
    if (!isConnectionBusy(error) || !gate.narrow()) throw error;
  } finally {
    gate.leave();
  }
  return sendRequest(client, request, signal);
}

function gateOf(client: Client): Gate {
  const known = gates.get(client);
  if (known !== undefined) return known;
  const gate = new Gate(client);
  gates.set(client, gate);
  return gate;
}

/** A request that waits, in a list linked both ways: one that is given up leaves at once, however many wait. */
interface Waiting {
  readonly enter: () => void;
  before: Waiting | undefined;
  after: Waiting | undefined;
}

class Gate {
  readonly #client: Client;
  #inFlight = 0;
  #limit = 0;
  #untilNextLook = 0;
  #first: Waiting | undefined;
  #last: Waiting | undefined;

  constructor(client: Client) {
    this.#client = client;
  }

  /** Undefined where the request may go at once. */
  enter(signal: AbortSignal | undefined): Promise<void> | undefined {
    if (this.#untilNextLook === 0) this.#look();
    this.#untilNextLook -= 1;
    if (this.#inFlight >= this.#limit) return this.#wait(signal);
    this.#inFlight += 1;
    return undefined;
  }

  /** Hands its place, and places that have come free since, to the requests that have waited longest. */
  leave(): void {
    this.#inFlight -= 1;
    while (this.#first !== undefined && this.#inFlight < this.#limit) {
      const { enter } = this.#first;
      this.#remove(this.#first);
      this.#inFlight += 1;
      enter();
    }
  }

  /** Allows one request fewer than are in flight, until the next look. False where this request is the only one. */
  narrow(): boolean {
    if (this.#inFlight <= 1) return false;
    this.#limit = this.#inFlight - 1;
    return true;
  }

  #look(): void {
    this.#limit = limitOf(this.#client);
    this.#untilNextLook = REQUESTS_BETWEEN_LOOKS;
  }

  #wait(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      let forget = (): void => {};
      const enter = (): void => {
        forget();
        resolve();
      };
      const waiting: Waiting = { enter, before: this.#last, after: undefined };
      if (this.#last === undefined) this.#first = waiting;
      else this.#last.after = waiting;
      this.#last = waiting;
      if (signal === undefined) return;
      forget = onAbort(signal, () => {
        forget();
        this.#remove(waiting);
        reject(signal.reason);
      });
    });
  }

  #remove({ before, after }: Waiting): void {
    if (before === undefined) this.#first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
  }
}

/** A share of what the connections of the node with the fewest take, at least one request. */
function limitOf(client: Client): number {
  const all = requestsPerConnection(client) * fewestConnections(client);
  return Math.max(1, Math.min(MAX_IN_FLIGHT, Math.floor(all * IN_FLIGHT_SHARE)));
}

/** The client's options are the application's: only a number that can be one counts. */
function requestsPerConnection(client: Client): number {
  const given: unknown = Reflect.get(
    Object(Reflect.get(Object(Reflect.get(client, "options")), "pooling")),
    "maxRequestsPerConnection",
  );
  return typeof given === "number" && given >= 1 ? given : DRIVER_REQUESTS_PER_CONNECTION;
}

/** Open connections of the node that has the fewest, at least one: a client connects when it is first used. */
function fewestConnections(client: Client): number {
  // A test's stand-in for a client has no state.
  if (typeof Reflect.get(client, "getState") !== "function") return 1;
  const state = client.getState();
  const open = state.getConnectedHosts().map((host) => state.getOpenConnections(host));
  return Math.max(1, Math.min(...open));
}
