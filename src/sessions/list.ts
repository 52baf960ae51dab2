import { sessionsReadFailed } from "../errors/failures.ts";
import type { ListSessionsOptions } from "../options/session-arguments.ts";
import type { SessionRow } from "../table/session-row.ts";
import type { SessionsTable } from "../table/sessions-table.ts";
import { type ChatSession, toChatSession } from "./chat-session.ts";
import { isWanted, type ListedPage, PageBuilder } from "./listing.ts";

/** A page of a user's sessions. */
export interface ChatSessionPage {
  /** Last active first. */
  readonly sessions: readonly ChatSession[];
  /** What to pass as `after` for the next page; absent at the end. */
  readonly next?: string;
}

/** Reads ids and times of all sessions, then what the page shows. */
export async function listSessions(
  table: SessionsTable,
  userId: string,
  options: ListSessionsOptions,
): Promise<ChatSessionPage> {
  const page = new PageBuilder(options);
  try {
    for await (const sessions of table.active(userId)) page.add(sessions);
    const listed = page.build();
    const ids = listed.sessions.map(({ sessionId }) => sessionId);
    return present(userId, listed, await table.read(userId, ids), options);
  } catch (error) {
    throw sessionsReadFailed(error);
  }
}

/** Without those that were deleted, or that the list no longer shows, since their ids were read. */
function present(
  userId: string,
  { sessions, next }: ListedPage,
  rows: readonly SessionRow[],
  options: ListSessionsOptions,
): ChatSessionPage {
  const byId = new Map(rows.map((row) => [row.sessionId, row]));
  const shown = sessions.flatMap(({ sessionId, lastActive }) => {
    const session = toChatSession(userId, byId.get(sessionId));
    // The time by which it was sorted: it may have been active since.
    return session !== undefined && isWanted(session, options)
      ? [Object.freeze({ ...session, lastActiveAt: lastActive })]
      : [];
  });
  return Object.freeze({ sessions: Object.freeze(shown), ...(next !== undefined && { next }) });
}
