import { createHash } from "node:crypto";
import { noTime } from "../errors/failures.ts";
import { readSystemMicros } from "./readings.ts";
import { remember, type SessionTimes, unknownSession } from "./session-memory.ts";
import { type ClockState, clockState, randomTail } from "./state.ts";
import { formatTimeUuid, idMicros, LATEST_MICROS, type TimeUuid } from "./timeuuid.ts";

/** Ids of sessions may be 65,535 bytes long. Longer keys than this are kept as their hash. */
const LONGEST_KEY = 128;

/**
 * Microseconds since 1970 by the system clock. After a step back, ids and write times go on from the earlier time. New random
 * bytes then keep ids unique. Throws `WRITE_FAILED` where no source tells the time.
 */
function readClock(state: ClockState): number {
  const micros = readSystemMicros(state);
  if (micros === undefined) throw noTime();
  const millis = Math.floor(micros / 1000);
  if (millis < state.millis) {
    state.tail = randomTail();
    state.lastId = 0;
    state.lastWrite = 0;
  }
  state.millis = millis;
  return micros;
}

function nextId(state: ClockState, times: SessionTimes): string {
  const now = Math.max(readClock(state), state.lastId + 1);
  if (times.id >= now) {
    times.id += 1;
    times.tail ??= randomTail();
    return formatTimeUuid(times.id, times.tail);
  }
  state.lastId = now;
  times.id = now;
  times.tail = undefined;
  return formatTimeUuid(now, state.tail);
}

function nextWrite(state: ClockState): number {
  state.lastWrite = Math.max(readClock(state), state.lastWrite + 1);
  return state.lastWrite;
}

/**
 * Ids and write times for one session.
 *
 * - Ids ascend, and are above every id that `observe` was given.
 * - Adds have write times later than the session's own deletes.
 * - Both follow the system clock. A session can be ahead of that clock: another writer's clock was ahead, or ours stepped back.
 *   Its next id is then one microsecond above its newest.
 *
 * The process remembers a bounded number of sessions. After a step back, `mustReadNewest` tells whether this session may be
 * one that was forgotten.
 */
export class SessionClock {
  readonly #names: readonly string[];
  #cachedKey: string | undefined;
  /** The newest id that this object made or was given. The process may forget a session while adds are still on their way. */
  #newest = 0;

  /** @param names - what tells the session from others of the process: keyspace, table, session id; without lone surrogates */
  constructor(...names: readonly string[]) {
    this.#names = names;
  }

  /**
   * Whether the next add has to read the session's newest id first. That is so while the clock is behind the newest id that
   * the process has forgotten, and the process does not remember this session: it may be the forgotten one.
   */
  mustReadNewest(): boolean {
    const state = clockState();
    const { forgottenId, sessions } = state.memory;
    if (forgottenId === 0 || (sessions.get(this.#key())?.id ?? 0) > 0) return false;
    return Math.max(readClock(state), state.lastId + 1) <= forgottenId;
  }

  /**
   * Ids for one add, all at once: between two calls the session may be forgotten.
   *
   * @param newest - the session's newest id, where it had to be read
   */
  nextIds(count: number, newest?: TimeUuid): string[] {
    const state = clockState();
    const times = this.#times(state);
    times.id = Math.max(times.id, this.#newest, newest === undefined ? 0 : countedMicros(newest));
    const ids: string[] = [];
    while (ids.length < count) ids.push(nextId(state, times));
    this.#newest = times.id;
    this.#remember(state, times);
    return ids;
  }

  /** From here on, ids of this session come after this one. */
  observe(id: TimeUuid): void {
    const micros = countedMicros(id);
    if (micros <= this.#newest) return;
    this.#newest = micros;
    const { memory } = clockState();
    const known = memory.sessions.get(this.#key());
    // The process may have forgotten a newer id of this session than this one. Then `mustReadNewest` has to stay true.
    if ((known === undefined || known.id === 0) && micros <= memory.forgottenId) return;
    if (known !== undefined) known.id = Math.max(known.id, micros);
    else remember(memory, { ...unknownSession(memory, this.#key()), id: micros });
  }

  /** The time now. A write that is made next is dated later, unless the clock steps back. */
  now(): number {
    const state = clockState();
    return Math.max(readClock(state), state.lastWrite);
  }

  /** The write time of an add. */
  writeTime(): number {
    const state = clockState();
    const { sessions, forgottenDelete } = state.memory;
    const deleted = sessions.get(this.#key())?.deleted ?? forgottenDelete;
    return Math.max(nextWrite(state), deleted + 1);
  }

  /** The write time of a delete. What this process adds to the session from here on is dated after it. */
  deleteTime(): number {
    const state = clockState();
    const times = this.#times(state);
    const time = nextWrite(state);
    times.deleted = Math.max(times.deleted, time);
    this.#remember(state, times);
    return time;
  }

  #key(): string {
    this.#cachedKey ??= shorten(this.#names.join(SEPARATOR));
    return this.#cachedKey;
  }

  #times({ memory }: ClockState): SessionTimes {
    return memory.sessions.get(this.#key()) ?? unknownSession(memory, this.#key());
  }

  #remember({ memory }: ClockState, times: SessionTimes): void {
    if (memory.sessions.get(times.key) !== times) remember(memory, times);
  }
}

/** No name contains a lone surrogate, so that no two lists of names join to one text. */
const SEPARATOR = "\ud800";

function shorten(key: string): string {
  if (key.length <= LONGEST_KEY) return key;
  // As UTF-16: UTF-8 has no form of the separator.
  return createHash("sha256").update(key, "utf16le").digest("base64");
}

/** The id's time. 0 for a time later than any that we make: no clock told it, and no id of ours could come after it. */
function countedMicros(id: TimeUuid): number {
  const micros = idMicros(id);
  return micros <= LATEST_MICROS ? micros : 0;
}
