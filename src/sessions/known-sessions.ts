import { createHash } from "node:crypto";
import type { Client } from "cassandra-driver";
import { readSteadyMillis } from "../ids/readings.ts";
import { KNOWN_FOR_MS, MAX_KNOWN_SESSIONS } from "../options/limits.ts";

/** What the process knows of the entry of one session. */
export interface KnownSession {
  /** Until when the entry can be taken to be stored: milliseconds of the steady clock. */
  listedUntil: number;
  /** Whether it lasts: none of its values expires. */
  lasts: boolean;
  /** Settles when the last call that reads and then writes the entry has ended. */
  turn: Promise<void> | undefined;
}

const clients = new WeakMap<Client, EntryMemory>();

/** The sessions of one client to whose entries the process wrote last, in that order. */
export class EntryMemory {
  readonly #sessions = new Map<string, KnownSession>();

  static of(client: Client): EntryMemory {
    const known = clients.get(client) ?? new EntryMemory();
    clients.set(client, known);
    return known;
  }

  get(key: string): KnownSession {
    const known = this.#sessions.get(key) ?? { listedUntil: 0, lasts: false, turn: undefined };
    this.#sessions.delete(key);
    if (this.#sessions.size >= MAX_KNOWN_SESSIONS) this.#forgetOlderHalf();
    this.#sessions.set(key, known);
    return known;
  }

  /** From here on, the entry counts as unknown; what is still written by a call that began before changes nothing in that. */
  forget(key: string): void {
    const known = this.#sessions.get(key);
    if (known !== undefined) this.#sessions.set(key, { listedUntil: 0, lasts: false, turn: known.turn });
  }

  /** Many at once: a map whose first keys were deleted takes long to give its first key. */
  #forgetOlderHalf(): void {
    for (const key of this.#sessions.keys()) {
      if (this.#sessions.size <= MAX_KNOWN_SESSIONS / 2) return;
      this.#sessions.delete(key);
    }
  }
}

/** Ids may be long: the names are kept as their hash. */
export function keyOfNames(...names: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(names)).digest("base64");
}

export function isListed({ listedUntil }: KnownSession): boolean {
  return readSteadyMillis() < listedUntil;
}

/** @param began - when the write of the entry began */
export function rememberListed(known: KnownSession, began: number, ttlSeconds: number): void {
  // One that expires is not there for longer.
  known.listedUntil = began + (ttlSeconds === 0 ? KNOWN_FOR_MS : Math.min(KNOWN_FOR_MS, (ttlSeconds - 1) * 1000));
  known.lasts = ttlSeconds === 0;
}

/** Runs calls on one entry one after the other, in the order in which they were made. */
export async function inTurn<Result>(known: KnownSession, call: () => Promise<Result>): Promise<Result> {
  const before = known.turn;
  const running = before === undefined ? call() : before.then(call);
  const turn = running.then(
    () => {},
    () => {},
  );
  known.turn = turn;
  try {
    return await running;
  } finally {
    if (known.turn === turn) known.turn = undefined;
  }
}
