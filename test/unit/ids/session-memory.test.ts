import fc from "fast-check";
import { expect, test } from "vitest";
import {
  createMemory,
  isSessionMemory,
  MOST_SESSIONS,
  remember,
  type SessionMemory,
  unknownSession,
} from "../../../src/ids/session-memory.ts";
import { runs } from "../../support/runs.ts";

function rememberAt(memory: SessionMemory, key: string, id: number, deleted = 0): void {
  const known = memory.sessions.get(key);
  if (known === undefined) {
    const unknown = unknownSession(memory, key);
    remember(memory, { ...unknown, id, deleted: Math.max(unknown.deleted, deleted) });
  } else {
    known.id = Math.max(known.id, id);
    known.deleted = Math.max(known.deleted, deleted);
  }
}

/** A memory that has room for so many sessions more: the rest of it is taken by sessions that are further ahead than any. */
function memoryWithRoom(room: number): SessionMemory {
  const memory = createMemory();
  for (let at = 0; at < MOST_SESSIONS - room; at += 1) rememberAt(memory, `filler ${at}`, 1e15 + at);
  return memory;
}

const newest = ({ id, deleted }: { readonly id: number; readonly deleted: number }): number => Math.max(id, deleted);

function never(): never {
  throw new Error("Each session was told.");
}

test("the sessions with the newest times are kept, whatever the order in which they came and were raised", () => {
  const step = fc.record({ session: fc.nat({ max: 12 }), id: fc.nat({ max: 100 }), deleted: fc.nat({ max: 100 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.integer({ min: 1, max: 4 }), (steps, room) => {
      const memory = memoryWithRoom(room);
      const told = new Map<string, { id: number; deleted: number }>();
      for (const { session, id, deleted } of steps) {
        const key = `session ${session}`;
        const before = [...memory.sessions.keys()];
        rememberAt(memory, key, id + 1, deleted);
        const now = told.get(key) ?? { id: 0, deleted: 0 };
        told.set(key, { id: Math.max(now.id, id + 1), deleted: Math.max(now.deleted, deleted) });
        const kept = [...memory.sessions.values()].filter((one) => told.has(one.key));
        const oldestKept = Math.min(...kept.map(newest));
        for (const gone of new Set([...before, key])) {
          if (!memory.sessions.has(gone)) expect(newest(told.get(gone) ?? never())).toBeLessThanOrEqual(oldestKept);
        }
        expect(isSessionMemory(memory)).toBe(true);
        for (const [one, times] of told) {
          const remembered = memory.sessions.get(one);
          expect(times.id).toBeLessThanOrEqual(Math.max(remembered?.id ?? 0, memory.forgottenId));
          expect(times.deleted).toBeLessThanOrEqual(remembered?.deleted ?? memory.forgottenDelete);
        }
      }
    }),
    runs(100),
  );
});

test("of 20,000 sessions the 10,000 that are most ahead are kept, in whichever order they come", () => {
  for (const order of [(at: number) => at, (at: number) => 20_001 - at, (at: number) => (at * 7919) % 20_001]) {
    const memory = createMemory();
    for (let at = 1; at <= 20_000; at += 1) rememberAt(memory, `${order(at)}`, order(at));
    const ids = [...memory.sessions.values()].map(({ id }) => id).sort((a, b) => a - b);
    expect([ids.length, ids[0], ids.at(-1)]).toEqual([10_000, memory.forgottenId + 1, 20_000]);
  }
});

test("a session that was raised since it came is not taken for the oldest", () => {
  const memory = memoryWithRoom(2);
  rememberAt(memory, "raised", 1);
  rememberAt(memory, "oldest", 2);
  rememberAt(memory, "raised", 50);
  rememberAt(memory, "newer", 3);
  expect([memory.sessions.has("raised"), memory.sessions.has("oldest"), memory.forgottenId]).toEqual([true, false, 2]);
});

test("a delete keeps a session as an id does, and a session that comes back may have had any forgotten delete", () => {
  const memory = memoryWithRoom(1);
  rememberAt(memory, "deleted", 1, 90);
  rememberAt(memory, "other", 80);
  expect(memory.sessions.has("deleted")).toBe(true);
  rememberAt(memory, "newest", 95);
  expect([memory.forgottenId, memory.forgottenDelete]).toEqual([80, 90]);
  expect(unknownSession(memory, "deleted").deleted).toBe(90);
});

test.each([
  ["nothing", undefined],
  ["a text", "memory"],
  ["an empty object", {}],
  ["an array of sessions", { ...createMemory(), sessions: [] }],
  ["no heap", { ...createMemory(), heap: undefined }],
  ["a heap of other sessions", { ...createMemory(), heap: [unknownSession(createMemory(), "x")] }],
  ["a time that is none", { ...createMemory(), forgottenId: Number.NaN }],
  ["a delete that is none", { ...createMemory(), forgottenDelete: "1" }],
])("%s is no memory", (_, value) => {
  expect(isSessionMemory(value)).toBe(false);
});
