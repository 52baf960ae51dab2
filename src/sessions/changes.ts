import { editFailed, sessionsReadFailed } from "../errors/failures.ts";
import { sessionNotFound } from "../errors/refusals.ts";
import { SessionClock } from "../ids/clock.ts";
import { readSteadyMillis, readSystemMillis } from "../ids/readings.ts";
import type { SessionRow, StoredCell } from "../table/session-row.ts";
import type { SessionCell } from "../table/sessions-table.ts";
import { type ChatSession, toChatSession } from "./chat-session.ts";
import { activity, changeCells, changeDating, type Dating, dateOf, type EntryChanges } from "./entry-cells.ts";
import { entryExpiry } from "./entry-recorder.ts";
import { rememberListed } from "./known-sessions.ts";
import { mergeMetadata } from "./metadata.ts";
import type { SessionEntry } from "./session-entry.ts";

/** Reads an entry. What the driver throws becomes `READ_FAILED`. */
export async function readEntry(entry: SessionEntry, signal?: AbortSignal): Promise<SessionRow | undefined> {
  try {
    return await entry.read(signal);
  } catch (error) {
    throw sessionsReadFailed(error);
  }
}

/** Writes to an entry. What the driver throws becomes `WRITE_FAILED`. */
export async function writeEntry(entry: SessionEntry, cells: readonly SessionCell[]): Promise<void> {
  try {
    await entry.write(cells);
  } catch (error) {
    throw editFailed(error);
  }
}

/** Sets what is given, of a session that is there. Throws `NOT_FOUND`. */
export function updateEntry(entry: SessionEntry, changes: EntryChanges): Promise<ChatSession> {
  return entry.inTurn(async () => {
    const row = await readEntry(entry);
    if (row?.lastActive === undefined) throw sessionNotFound(entry.sessionId);
    return changeEntry(entry, row, row.lastActive, changes);
  });
}

/** Makes the session, or sets what is given of one that is there already. */
export function createEntry(entry: SessionEntry, changes: EntryChanges): Promise<ChatSession> {
  return entry.inTurn(async () => {
    const row = await readEntry(entry);
    if (row?.lastActive !== undefined) return changeEntry(entry, row, row.lastActive, changes);
    return makeEntry(entry, changes, { timestamp: timeOf(entry), ttlSeconds: entryExpiry(entry.options.ttlSeconds) });
  });
}

/** When an add to the session would be dated now. */
export function timeOf({ options: { keyspace, table, sessionId } }: SessionEntry): number {
  return new SessionClock(keyspace, table, sessionId).writeTime();
}

/** Makes a session that is not there, active at the time of its entry. */
export async function makeEntry(entry: SessionEntry, changes: EntryChanges, dating: Dating): Promise<ChatSession> {
  const metadata = mergeMetadata(new Map(), changes.metadata);
  const began = readSteadyMillis();
  const { known } = entry;
  const value = dateOf(dating.timestamp);
  const created: SessionCell = { column: "created_at", value, ...dating };
  await writeEntry(entry, [activity(dating), created, ...changeCells({ ...changes, metadata }, dating)]);
  rememberListed(known, began, dating.ttlSeconds);
  const row = emptyRow(entry.sessionId, toCell(value, dating, readSystemMillis() ?? 0));
  return present(entry, row, changes, dating);
}

function emptyRow(sessionId: string, made: StoredCell<Date>): SessionRow {
  const absent = { title: undefined, pinned: undefined, archived: undefined, metadata: new Map<string, string>() };
  return { sessionId, lastActive: made, createdAt: made, ...absent, serverTime: 0, sentAt: 0 };
}

async function changeEntry(
  entry: SessionEntry,
  row: SessionRow,
  lastActive: StoredCell<Date>,
  changes: EntryChanges,
): Promise<ChatSession> {
  const dating = changeDating(row);
  const cells = changeCells(changes, dating);
  // Throws where it is too large.
  mergeMetadata(row.metadata, changes.metadata);
  const createdAt = row.createdAt?.value ?? lastActive.value;
  // With each change, so that the next one is dated after this, even where this one only removes.
  if (cells.length > 0) await writeEntry(entry, [...cells, { column: "created_at", value: createdAt, ...dating }]);
  return present(entry, row, changes, dating);
}

/** The session as it is with these changes. Not read again: a replica may not have them yet. */
function present(entry: SessionEntry, row: SessionRow, changes: EntryChanges, dating: Dating): ChatSession {
  const change = <Value>(stored: StoredCell<Value> | undefined, value: Value | null | undefined) => {
    if (value === undefined) return stored;
    return value === null ? undefined : toCell(value, dating, row.serverTime);
  };
  const session = toChatSession(entry.userId, {
    ...row,
    title: change(row.title, changes.title),
    pinned: change(row.pinned, changes.pinned),
    archived: change(row.archived, changes.archived),
    metadata: mergeMetadata(row.metadata, changes.metadata),
  });
  if (session === undefined) throw sessionNotFound(entry.sessionId);
  return session;
}

function toCell<Value>(value: Value, { timestamp, ttlSeconds }: Dating, now: number): StoredCell<Value> {
  const expiresAt = ttlSeconds === 0 ? Number.POSITIVE_INFINITY : Math.floor(now / 1000) + ttlSeconds;
  return { value, writeTime: timestamp, expiresAt };
}
