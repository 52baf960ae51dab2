import { editFailed, sessionsReadFailed } from "../errors/failures.ts";
import { removeVisible } from "../history/deletes.ts";
import { SessionClock } from "../ids/clock.ts";
import { DELETE_AFTER_MICROS, DELETES_AT_ONCE } from "../options/limits.ts";
import type { DeleteAllOptions } from "../options/session-arguments.ts";
import { throwIfAborted } from "../table/abort.ts";
import { newestDate } from "../table/session-row.ts";
import type { DatedSession, SessionsTable } from "../table/sessions-table.ts";
import { readEntry } from "./changes.ts";
import type { SessionEntry } from "./session-entry.ts";

/** Deletes the messages of a session, then its entry. */
export async function deleteSession(entry: SessionEntry): Promise<void> {
  const row = await readEntry(entry);
  await eraseSession(entry, row === undefined ? 0 : newestDate(row), undefined);
}

/**
 * The entry is deleted at the time of the messages' delete, not later: what another process adds meanwhile is dated after both
 * or before both. Only where a clock ahead of ours wrote the entry is it deleted later.
 *
 * @param newest - when the entry was last written
 */
async function eraseSession(entry: SessionEntry, newest: number, signal: AbortSignal | undefined): Promise<void> {
  // Adds of this process write the entry first from here on, and again after it is deleted.
  entry.forget();
  const conversation = entry.openConversation();
  const cleared = await conversation.edit(() => removeVisible(conversation, undefined, signal), { signal });
  try {
    await entry.remove(newest < cleared ? cleared : newest + DELETE_AFTER_MICROS, signal);
  } catch (error) {
    throwIfAborted(signal);
    throw editFailed(error);
  } finally {
    entry.forget();
  }
}

/** The sessions of one user. */
export interface UserSessions {
  readonly userId: string;
  readonly table: SessionsTable;
  readonly entryOf: (sessionId: string) => SessionEntry;
}

/**
 * Deletes all sessions of a user: until a look at the whole partition finds nothing that was written before the call.
 *
 * @returns how many
 */
export async function deleteAllSessions(user: UserSessions, options: DeleteAllOptions): Promise<number> {
  const { onProgress, signal } = options;
  const began = new SessionClock().now();
  const progress = { done: 0 };
  const tell = (): void => {
    progress.done += 1;
    onProgress?.({ done: progress.done });
  };
  let found = await deleteFound(user, () => true, tell, signal);
  // What is dated after the beginning was added meanwhile, or is ahead of the clock and has just been deleted.
  while (found > 0) found = await deleteFound(user, ({ newest }) => newest <= began, tell, signal);
  return progress.done;
}

async function deleteFound(
  user: UserSessions,
  isWanted: (session: DatedSession) => boolean,
  tell: () => void,
  signal: AbortSignal | undefined,
): Promise<number> {
  let found = 0;
  for await (const sessions of pagesOf(user, signal)) {
    const wanted = sessions.filter(isWanted);
    found += wanted.length;
    await eachOf(wanted, async ({ sessionId, newest, isListed }) => {
      throwIfAborted(signal);
      await eraseSession(user.entryOf(sessionId), newest, signal);
      if (isListed) tell();
    });
  }
  return found;
}

async function* pagesOf({ userId, table }: UserSessions, signal?: AbortSignal): AsyncGenerator<DatedSession[], void> {
  throwIfAborted(signal);
  try {
    yield* table.dated(userId, signal);
  } catch (error) {
    throwIfAborted(signal);
    throw sessionsReadFailed(error);
  }
}

/** As many at the same time as `DELETES_AT_ONCE`. After a failure no other is begun, and what was begun is awaited. */
async function eachOf<Item>(items: readonly Item[], call: (item: Item) => Promise<void>): Promise<void> {
  const left = items.values();
  const failures: unknown[] = [];
  const work = async (): Promise<void> => {
    for (const item of left) {
      if (failures.length > 0) return;
      await call(item).catch((error: unknown) => failures.push(error));
    }
  };
  await Promise.all(Array.from({ length: DELETES_AT_ONCE }, work));
  if (failures.length > 0) throw failures[0];
}
