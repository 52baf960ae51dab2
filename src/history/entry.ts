import type { BaseMessage } from "@langchain/core/messages";
import { noTime } from "../errors/failures.ts";
import { readSystemMillis, toDate } from "../ids/readings.ts";
import { idMillis } from "../ids/timeuuid.ts";

/** A message as it stands in the history. */
export interface ChatHistoryEntry {
  /** A timeuuid: unique in the session, and in the order of the messages. */
  readonly id: string;
  /** When the message was added, by the clock of the process that added it; later where that had read a newer message. */
  readonly createdAt: Date;
  /** The message as it was stored; from `append`, the object that was passed. */
  readonly message: BaseMessage;
  /** When the message expires, to the second; absent where it does not. `append` does not know a default expiry of the table. */
  readonly expiresAt?: Date;
}

/** A page of entries, for a user interface. */
export interface ChatHistoryPage {
  /** Oldest first. */
  readonly entries: readonly ChatHistoryEntry[];
  /** What to pass as `before` for the page of older entries; absent where there are none. */
  readonly older?: string;
  /** What to pass as `after` for the page of newer entries; absent where there are none. */
  readonly newer?: string;
}

/** @param readAt - when its remaining expiry was so many seconds, in milliseconds since 1970; now, where nothing is given */
export function createEntry(
  id: string,
  message: BaseMessage,
  ttlSeconds: number | undefined,
  readAt: number | undefined = readSystemMillis(),
): ChatHistoryEntry {
  const entry = { id, createdAt: toDate(idMillis(id)), message };
  if (ttlSeconds === undefined) return Object.freeze(entry);
  if (readAt === undefined) throw noTime();
  return Object.freeze({ ...entry, expiresAt: toDate(readAt + ttlSeconds * 1000) });
}
