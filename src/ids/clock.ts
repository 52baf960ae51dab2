import { createHash } from "node:crypto";
import { noTime } from "../errors/failures.ts";
import { readSystemMicros } from "./readings.ts";
import { remember, type SessionTimes, unknownSession } from "./session-memory.ts";
import { type ClockState, clockState, randomTail } from "./state.ts";
import { formatTimeUuid, idMicros, LATEST_MICROS, type TimeUuid } from "./timeuuid.ts";

/** Ids of sessions may be 65,535 bytes long. Longer keys than this are kept as their hash. */
const LONGEST_KEY = 128;

/**
 * The system clock. After a step back the process begins anew at the earlier time, with other random bytes, so that no id is
 * made twice. Throws where no source tells the time.
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
 * Ids and write times for one session. Ids ascend, and are above every id that `observe` was given. Adds are dated after
 * the session's own deletes. Both are the system clock's time but where the session is ahead of it: after an id of a writer
 * whose clock is ahead, and after a step back of our own. Then they are just above what the session has.
 *
 * The process remembers a bounded number of sessions. After a step back, `mustReadNewest` tells whether this may be one that
 * was forgotten.
 */
export class SessionClock {
  readonly #names: readonly string[];
  #cachedKey: string | undefined;
  /** The newest id that this object made or was given: adds that are on their way are in no memory and no table yet. */
  #newest = 0;

  /** @param names - what tells the session from others of the process: keyspace, table, session id; without lone surrogates */
  constructor(...names: readonly string[]) {
    this.#names = names;
  }

  /** True while the clock is behind an id that the process made or read in a session, and forgot, if this may be that session. */
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
    times.id = Math.max(times.id, this.#newest, newest === undefined ? 0 : floorOf(newest));
    const ids: string[] = [];
    while (ids.length < count) ids.push(nextId(state, times));
    this.#newest = times.id;
    this.#remember(state, times);
    return ids;
  }

  /** From here on, ids of this session come after this one. */
  observe(id: TimeUuid): void {
    const micros = floorOf(id);
    if (micros <= this.#newest) return;
    this.#newest = micros;
    const { memory } = clockState();
    const known = memory.sessions.get(this.#key());
    // What is no newer than what was forgotten may be older than what was forgotten of this session.
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

/** An id beyond the latest time that we make is no clock's, and nothing can come after it: it counts for nothing. */
function floorOf(id: TimeUuid): number {
  const micros = idMicros(id);
  return micros <= LATEST_MICROS ? micros : 0;
}
