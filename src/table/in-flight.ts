import type { Client } from "cassandra-driver";
import { isConnectionBusy, readable } from "../errors/driver-errors.ts";
import { BUSY_PAUSE_MS, MAX_BUSY_PAUSES } from "../options/limits.ts";
import { throwIfAborted } from "./abort.ts";
import { Gate } from "./in-flight-limit.ts";
import { pause } from "./pause.ts";

const gates = new WeakMap<Client, Gate>();

/**
 * Hands the request to the driver when the client's limit (`in-flight-limit.ts`) has room for it. Requests go in the order of
 * their arrival. A request whose signal aborts before that is never sent, and rejects with the signal's reason.
 *
 * The driver refuses a request where all connections are busy. Such a request is handed over again when another one of ours has
 * ended; where there is none, every `BUSY_PAUSE_MS`, for 12 s.
 */
export async function sendRequest<Result>(
  client: Client,
  request: () => Promise<Result>,
  signal?: AbortSignal,
): Promise<Result> {
  throwIfAborted(signal);
  const gate = gateOf(client);
  const arrival = gate.nextArrival();
  let turn = gate.enter(arrival, signal);
  for (let pauses = 0; ; ) {
    if (turn !== undefined) await turn;
    if (signal?.aborted) {
      gate.leave();
      throw signal.reason;
    }
    const outcome = await attempt(request);
    if ("result" in outcome || !isConnectionBusy(outcome.error) || pauses >= MAX_BUSY_PAUSES) {
      gate.leave();
      if ("result" in outcome) return outcome.result;
      throw outcome.error;
    }
    turn = gate.stepBack(arrival, signal);
    if (turn !== undefined) continue;
    pauses += 1;
    await pause(BUSY_PAUSE_MS);
  }
}

type Outcome<Result> = { readonly result: Result } | { readonly error: unknown };

async function attempt<Result>(request: () => Promise<Result>): Promise<Outcome<Result>> {
  try {
    return { result: await request() };
  } catch (error) {
    return { error: readable(error) };
  }
}

function gateOf(client: Client): Gate {
  const known = gates.get(client);
  if (known !== undefined) return known;
  const gate = new Gate(client);
  gates.set(client, gate);
  return gate;
}
