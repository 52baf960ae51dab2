import { toDate } from "../ids/readings.ts";
import type { JsonValue } from "../options/session-arguments.ts";
import type { SessionRow } from "../table/session-row.ts";
import { decodeMetadata } from "./metadata.ts";

/** A session of a user, as a list shows it. */
export interface ChatSession {
  readonly userId: string;
  readonly sessionId: string;
  /** When it was made. */
  readonly createdAt: Date;
  /** When something was last added, to the millisecond of the write. */
  readonly lastActiveAt: Date;
  /** Absent where it has none. */
  readonly title?: string;
  readonly pinned: boolean;
  readonly archived: boolean;
  readonly metadata: Readonly<Record<string, JsonValue>>;
  /** When it expires, with its last message; absent where it does not. */
  readonly expiresAt?: Date;
}

/** Undefined where the row is none of a session. */
export function toChatSession(userId: string, row: SessionRow | undefined): ChatSession | undefined {
  if (row?.lastActive === undefined) return undefined;
  const { sessionId, lastActive, createdAt, title, pinned, archived, metadata } = row;
  const { expiresAt } = lastActive;
  return Object.freeze({
    userId,
    sessionId,
    createdAt: createdAt?.value ?? lastActive.value,
    lastActiveAt: lastActive.value,
    ...(title !== undefined && { title: title.value }),
    pinned: pinned?.value ?? false,
    archived: archived?.value ?? false,
    metadata: decodeMetadata(sessionId, metadata),
    ...(Number.isFinite(expiresAt) && { expiresAt: toDate(expiresAt * 1000) }),
  });
}
