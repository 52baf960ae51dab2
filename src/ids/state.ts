import { randomBytes } from "node:crypto";
import type { ClockOffset } from "./readings.ts";
import { createMemory, isSessionMemory, type SessionMemory } from "./session-memory.ts";
import { sharedState } from "./shared.ts";
import { LATEST_MICROS } from "./timeuuid.ts";

/** All that the process shares: one clock for every history, client and copy of this library. Times are microseconds since 1970. */
export interface ClockState extends ClockOffset {
  /** The last reading of the system clock, in whole milliseconds: a lower one is a step back. */
  millis: number;
  /** The last id and the last write time since the clock last stepped back. */
  lastId: number;
  lastWrite: number;
  /** The last eight bytes of this process's ids: random, so that no other process makes the same id. */
  tail: string;
  readonly memory: SessionMemory;
}

/** Raise the number when the shape of the state changes: two releases in one process must not share a state. */
const CLOCK: symbol = Symbol.for("langchain-cassandra-history.clock.v2");
const TAIL = /^[0-9a-f]{4}-[0-9a-f]{12}$/;

export function clockState(): ClockState {
  return sharedState(CLOCK, isClockState, createClockState);
}

function createClockState(): ClockState {
  const memory = createMemory();
  return { offset: 0, millis: 0, lastId: 0, lastWrite: 0, tail: randomTail(), memory };
}

function isClockState(value: unknown): value is ClockState {
  if (typeof value !== "object" || value === null || !Object.isExtensible(value)) return false;
  if (!("offset" in value && "millis" in value && "lastId" in value && "lastWrite" in value)) return false;
  if (!("tail" in value && "memory" in value)) return false;
  return (
    Number.isFinite(value.offset) &&
    isTime(value.millis) &&
    isTime(value.lastId) &&
    isTime(value.lastWrite) &&
    typeof value.tail === "string" &&
    TAIL.test(value.tail) &&
    isSessionMemory(value.memory)
  );
}

/** A time, or 0 where there is none yet. */
function isTime(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= LATEST_MICROS;
}

/** Random clock sequence and node, with the variant bits and the multicast bit that RFC 9562, section 6.10, asks for. */
export function randomTail(): string {
  const bytes = randomBytes(8);
  bytes.writeUInt8((bytes.readUInt8(0) & 0x3f) | 0x80, 0);
  bytes.writeUInt8(bytes.readUInt8(2) | 0x01, 2);
  const hex = bytes.toString("hex");
  return `${hex.slice(0, 4)}-${hex.slice(4)}`;
}
