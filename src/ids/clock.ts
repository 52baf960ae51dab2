import { randomBytes } from "node:crypto";

/**
 * All that the process shares: one clock for every history, client and copy of this library (its ESM and CommonJS
 * builds are two copies), so that the state hangs on `globalThis`. A worker thread has its own, with its own `node`.
 */
interface ClockState {
  /** The last microsecond that was given out. */
  last: number;
  /** Microseconds from the steady clock to the system clock. */
  offset: number;
  /** The low eight bytes of this process's ids: random, so that no other process makes the same id. */
  readonly node: string;
  /** Sessions in which an id beyond the system clock has been seen, with that id's microsecond. */
  readonly floors: Map<string, number>;
}

const SHARED: symbol = Symbol.for("langchain-cassandra-history.clock.v1");
/** 100 ns intervals from 1582-10-15, where UUID time begins, to 1970-01-01 (RFC 9562, section 5.1). */
const UUID_EPOCH = 0x01b21dd213814000n;
const EPOCH_HIGH = Number(UUID_EPOCH >> 32n);
const EPOCH_LOW = Number(UUID_EPOCH & 0xffff_ffffn);
/** Enough for every session that is busy at once; more are swept when the clock has passed them. */
const FLOORS_BEFORE_SWEEP = 1024;
/** The year 2223: an id beyond it is no clock's, and its microseconds soon outgrow a number. */
const LATEST_FLOOR = 8e15;
const TIMEUUID = /^([0-9a-f]{8})-([0-9a-f]{4})-1([0-9a-f]{3})-([0-9a-f]{4})-([0-9a-f]{12})$/i;

function sharedState(): ClockState {
  const existing: ClockState | undefined = Reflect.get(globalThis, SHARED);
  if (existing !== undefined) return existing;
  const offset = performance.timeOrigin * 1000;
  const created: ClockState = { last: 0, offset, node: randomNode(), floors: new Map() };
  Reflect.set(globalThis, SHARED, created);
  return created;
}

/** Random clock sequence and node, with the variant bits and the multicast bit that RFC 9562, section 6.10, asks for. */
function randomNode(): string {
  const bytes = randomBytes(8);
  bytes.writeUInt8((bytes.readUInt8(0) & 0x3f) | 0x80, 0);
  bytes.writeUInt8(bytes.readUInt8(2) | 0x01, 2);
  const hex = bytes.toString("hex");
  return `${hex.slice(0, 4)}-${hex.slice(4)}`;
}

/**
 * The system clock in microseconds. `Date.now()` tells the millisecond; where in it we are comes from the steady clock,
 * whose offset (at first, the time of the process's start) is kept inside what `Date.now()` allows, so that a step of the
 * system clock is followed at once, and its slow adjustment at the edges of milliseconds.
 */
function systemMicros(state: ClockState): number {
  const earliest = Date.now() * 1000;
  const steady = performance.now() * 1000;
  const guess = Math.floor(steady + state.offset);
  const micros = Math.min(Math.max(guess, earliest), earliest + 999);
  if (micros !== guess) state.offset = micros - steady;
  return micros;
}

function formatId(micros: number, node: string): string {
  // 15 digits from 1970 to the year 5236.
  const hex = (BigInt(micros) * 10n + UUID_EPOCH).toString(16);
  return `${hex.slice(7)}-${hex.slice(3, 7)}-1${hex.slice(0, 3)}-${node}`;
}

/** 100 ns intervals since 1582. */
function idTime(id: string): bigint {
  const [, low, mid, high] = TIMEUUID.exec(id) ?? [];
  return BigInt(`0x${high}${mid}${low}`);
}

export function isTimeUuid(text: string): boolean {
  return TIMEUUID.test(text);
}

/**
 * Microseconds since 1970 at which an id was made. Every read asks for one id's, so that this does without big integers: in
 * two halves, each small enough for a number; 2 ** 32 is 10 * 429,496,729 + 6.
 */
export function idMicros(id: string): number {
  const high = Number.parseInt(id.slice(15, 18), 16) * 0x1_0000 + Number.parseInt(id.slice(9, 13), 16) - EPOCH_HIGH;
  const low = Number.parseInt(id.slice(0, 8), 16) - EPOCH_LOW;
  return high * 429_496_729 + Math.floor((high * 6 + low) / 10);
}

export function idDate(id: string): Date {
  return new Date(Math.floor(idMicros(id) / 1000));
}

/** Cassandra's order: by time, then by the last eight bytes, each read as signed (`AbstractTimeUUIDType`, 5.0). */
export function compareIds(a: string, b: string): number {
  const [timeA, timeB] = [idTime(a), idTime(b)];
  if (timeA !== timeB) return timeA < timeB ? -1 : 1;
  return Buffer.compare(signedTail(a), signedTail(b));
}

function signedTail(id: string): Uint8Array {
  return Buffer.from(id.slice(19).replaceAll("-", ""), "hex").map((byte) => byte ^ 0x80);
}

/**
 * The next microsecond of the process: never given out twice, never going back, whatever the system clock does.
 * It is the write timestamp of every statement.
 */
export function nextMicros(): number {
  const state = sharedState();
  state.last = Math.max(systemMicros(state), state.last + 1);
  return state.last;
}

/**
 * Message ids for one session: strictly increasing, unique in the process, and above every id that `observe` was given.
 *
 * Only a session in which an id from a clock ahead of ours was seen runs ahead, and only until our clock has passed that
 * id; its ids then have random bytes of their own, since two such sessions may reach the same microsecond.
 */
export class SessionClock {
  readonly #session: string;

  constructor(session: string) {
    this.#session = session;
  }

  nextId(): string {
    const { floors, node } = sharedState();
    const now = nextMicros();
    const floor = floors.size === 0 ? undefined : floors.get(this.#session);
    if (floor === undefined) return formatId(now, node);
    if (floor < now) {
      floors.delete(this.#session);
      return formatId(now, node);
    }
    floors.set(this.#session, floor + 1);
    return formatId(floor + 1, randomNode());
  }

  /** From here on, ids of this session come after this one. */
  observe(id: string): void {
    const state = sharedState();
    const micros = idMicros(id);
    // Against what the next id will be above, not against the system clock: that may be set back before then.
    state.last = Math.max(systemMicros(state), state.last);
    if (micros <= state.last || micros > LATEST_FLOOR) return;
    if (state.floors.size >= FLOORS_BEFORE_SWEEP) sweep(state.floors, state.last);
    state.floors.set(this.#session, Math.max(micros, state.floors.get(this.#session) ?? 0));
  }
}

function sweep(floors: Map<string, number>, now: number): void {
  for (const [session, floor] of floors) if (floor < now) floors.delete(session);
}
