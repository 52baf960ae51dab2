import { isMap } from "node:util/types";

/** What the process knows of one session, in microseconds since 1970. */
export interface SessionTimes {
  readonly key: string;
  /** The newest id that was made or read; 0 where none is known. */
  id: number;
  /** The newest delete. */
  deleted: number;
  /** Its key in the heap: its newest time when it was last placed there. Its times may have been raised since. */
  rank: number;
  /** The last eight bytes of its ids while they are ahead of the clock: ids of two such sessions may have one microsecond. */
  tail: string | undefined;
}

/** The sessions with the newest ids and deletes. Of the sessions that were forgotten, only the two newest times are kept. */
export interface SessionMemory {
  readonly sessions: Map<string, SessionTimes>;
  /** The same sessions as a binary heap by rank: the first has the lowest. */
  readonly heap: SessionTimes[];
  /** The newest id, made or read, of all sessions that were forgotten; 0 where there is none. */
  forgottenId: number;
  /** The newest delete of all sessions that were forgotten; 0 where there is none. */
  forgottenDelete: number;
}

/** Some 300 bytes each. */
export const MOST_SESSIONS = 10_000;

export function createMemory(): SessionMemory {
  return { sessions: new Map(), heap: [], forgottenId: 0, forgottenDelete: 0 };
}

export function isSessionMemory(value: unknown): value is SessionMemory {
  if (typeof value !== "object" || value === null) return false;
  if (!("sessions" in value && "heap" in value && "forgottenId" in value && "forgottenDelete" in value)) return false;
  const { sessions, heap, forgottenId, forgottenDelete } = value;
  return (
    isMap(sessions) &&
    Array.isArray(heap) &&
    heap.length === sessions.size &&
    heap.length <= MOST_SESSIONS &&
    Number.isSafeInteger(forgottenId) &&
    Number.isSafeInteger(forgottenDelete)
  );
}

/** The times of a session that is not remembered. It may be one that was forgotten, so the newest forgotten delete counts. */
export function unknownSession(memory: SessionMemory, key: string): SessionTimes {
  return { key, id: 0, deleted: memory.forgottenDelete, rank: 0, tail: undefined };
}

/** Remembers a session with its times as they are now. Where there are too many, the one with the oldest is forgotten. */
export function remember(memory: SessionMemory, times: SessionTimes): void {
  const { sessions, heap } = memory;
  times.rank = newestTime(times);
  sessions.set(times.key, times);
  heap.push(times);
  moveUp(heap, heap.length - 1);
  if (heap.length > MOST_SESSIONS) forgetOldest(memory);
}

/**
 * Raising a session's times does not move it in the heap. So the first session is moved to its right place until the first
 * one's rank is its newest time. A session is moved at most once for each time that it was raised, so that a call costs a
 * constant number of moves on average.
 */
function forgetOldest(memory: SessionMemory): void {
  const { sessions, heap } = memory;
  for (;;) {
    const first = heap[0];
    if (first === undefined) return;
    const newest = newestTime(first);
    if (first.rank === newest) break;
    first.rank = newest;
    moveDown(heap, 0);
  }
  const oldest = heap[0];
  const last = heap.pop();
  if (oldest === undefined || last === undefined) return;
  if (oldest !== last) {
    heap[0] = last;
    moveDown(heap, 0);
  }
  sessions.delete(oldest.key);
  memory.forgottenId = Math.max(memory.forgottenId, oldest.id);
  memory.forgottenDelete = Math.max(memory.forgottenDelete, oldest.deleted);
}

function newestTime({ id, deleted }: SessionTimes): number {
  return Math.max(id, deleted);
}

/** Towards the first place, until the one above it is no higher. */
function moveUp(heap: SessionTimes[], from: number): void {
  const moved = heap[from];
  if (moved === undefined) return;
  let at = from;
  while (at > 0) {
    const above = (at - 1) >> 1;
    const other = heap[above];
    if (other === undefined || other.rank <= moved.rank) break;
    heap[at] = other;
    at = above;
  }
  heap[at] = moved;
}

/** Away from the first place, until none of the two below it is lower. */
function moveDown(heap: SessionTimes[], from: number): void {
  const moved = heap[from];
  if (moved === undefined) return;
  let at = from;
  for (;;) {
    const left = 2 * at + 1;
    const below = rankAt(heap, left + 1) < rankAt(heap, left) ? left + 1 : left;
    const other = heap[below];
    if (other === undefined || other.rank >= moved.rank) break;
    heap[at] = other;
    at = below;
  }
  heap[at] = moved;
}

function rankAt(heap: readonly SessionTimes[], at: number): number {
  return heap[at]?.rank ?? Number.POSITIVE_INFINITY;
}
