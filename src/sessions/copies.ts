import { CassandraHistoryError } from "../errors/history-error.ts";
import { corruptRow, invalidOption, notFound, nothingToAdopt, sessionNotFound } from "../errors/refusals.ts";
import type { Conversation } from "../history/conversation.ts";
import { copySession, hasRow } from "../history/fork.ts";
import { readRowPages } from "../history/reader.ts";
import { SessionClock } from "../ids/clock.ts";
import { toDate } from "../ids/readings.ts";
import { idMillis } from "../ids/timeuuid.ts";
import type { ResolvedOptions } from "../options/history-options.ts";
import { justAfter } from "../table/meeting-edits.ts";
import { newestDate, type SessionRow } from "../table/session-row.ts";
import type { SessionCell } from "../table/sessions-table.ts";
import { makeEntry, readEntry, timeOf, writeEntry } from "./changes.ts";
import { type ChatSession, toChatSession } from "./chat-session.ts";
import {
  changeCells,
  companions,
  type Dating,
  type EntryChanges,
  earliest,
  latest,
  longerExpiry,
  remainingExpiry,
} from "./entry-cells.ts";
import { entryExpiry } from "./entry-recorder.ts";
import { mergeMetadata } from "./metadata.ts";
import type { SessionEntry } from "./session-entry.ts";

/** What a copy of a session takes with it, and how far it goes. */
interface ForkRequest {
  readonly title: string | undefined;
  /** The id of the last entry to be copied. */
  readonly through: string | undefined;
}

/** Copies a session to one that is not there. */
export async function forkSession(
  from: SessionEntry,
  to: SessionEntry,
  { title, through }: ForkRequest,
): Promise<ChatSession> {
  const [source, target] = await Promise.all([readEntry(from), readEntry(to)]);
  if (source?.lastActive === undefined) throw sessionNotFound(from.sessionId);
  if (target?.lastActive !== undefined) throw invalidOption("sessionId", "the id of no session", "one that is there");
  const conversation = from.openConversation();
  if (through !== undefined && !(await hasRow(conversation.table, through, undefined))) {
    throw notFound(from.sessionId, through);
  }
  const changes: EntryChanges = { title: title ?? source.title?.value, metadata: source.metadata };
  const { sessionId } = from;
  return to.inTurn(async () => {
    const dating = { timestamp: timeOf(to), ttlSeconds: remainingExpiry(source) };
    const made = await makeEntry(to, changes, dating);
    await copyMessages(conversation, to, { sessionId, through, timestamp: dating.timestamp });
    return made;
  });
}

/** Copies what a plain history keeps to a session, whether that is there or not. */
export async function adoptSession(from: Conversation, to: SessionEntry, changes: EntryChanges): Promise<ChatSession> {
  const source = await surveyMessages(from);
  if (source === undefined) throw nothingToAdopt(from.options.sessionId);
  return to.inTurn(async () => {
    // Before the read: an activity that it does not show is dated later, and wins.
    const timestamp = timeOf(to);
    const row = await readEntry(to);
    await writeEntry(to, adoptionCells(row, source, changes, timestamp));
    await copyMessages(from, to, { sessionId: from.options.sessionId, timestamp });
    const session = toChatSession(to.userId, await readEntry(to));
    if (session === undefined) throw sessionNotFound(to.sessionId);
    return session;
  });
}

/** What there is to adopt. */
interface MessageSurvey {
  readonly first: Date;
  readonly last: Date;
  /** Seconds until the last message expires; 0 where one lasts. */
  readonly ttlSeconds: number;
}

/** Reads ids and expiries, and no text. Undefined where there is no message. */
async function surveyMessages({ table }: Conversation): Promise<MessageSurvey | undefined> {
  const survey: { first?: Date; last?: Date; ttls: number; lasts: boolean } = { ttls: 0, lasts: false };
  for await (const { rows } of readRowPages(table, { order: "oldest-first", parts: ["writetime", "id", "ttl"] })) {
    for (const { id, ttl } of rows) {
      survey.last = toDate(idMillis(id.getBuffer()));
      survey.first ??= survey.last;
      survey.ttls = Math.max(survey.ttls, ttl ?? 0);
      survey.lasts ||= (ttl ?? 0) === 0;
    }
  }
  const { first, last, ttls, lasts } = survey;
  if (first === undefined || last === undefined) return undefined;
  return { first, last, ttlSeconds: lasts ? 0 : ttls };
}

function adoptionCells(
  row: SessionRow | undefined,
  source: MessageSurvey,
  changes: EntryChanges,
  timestamp: number,
): SessionCell[] {
  const dating: Dating = { timestamp, ttlSeconds: longerExpiry(row, entryExpiry(source.ttlSeconds)) };
  const stored = row?.lastActive;
  const metadata = mergeMetadata(row?.metadata ?? new Map(), changes.metadata);
  if (row === undefined || stored === undefined) {
    return [
      { column: "last_active", value: source.last, ...dating },
      { column: "created_at", value: source.first, ...dating },
      ...changeCells({ ...changes, metadata }, dating),
    ];
  }
  const lastActive = latest(stored.value, source.last);
  const createdAt = row.createdAt?.value ?? stored.value;
  const change: Dating = { ...dating, timestamp: justAfter(Math.max(timestamp, newestDate(row))) };
  return [
    { column: "last_active", value: lastActive, ...dating },
    ...companions(row, dating),
    ...changeCells(changes, change),
    { column: "created_at", value: earliest(createdAt, source.first), ...change },
  ];
}

/** How far the messages of a session are copied, and how they are dated. */
interface MessageCopy {
  /** The session's id, for errors: the key names the user. */
  readonly sessionId: string;
  readonly through?: string | undefined;
  /** Microseconds since 1970: the date of the entry, so that a delete that meets the copy takes both or leaves both. */
  readonly timestamp: number;
}

async function copyMessages(from: Conversation, to: SessionEntry, copy: MessageCopy): Promise<void> {
  const { table, options } = to.openConversation();
  const clock = new FixedClock(options, copy.timestamp);
  try {
    await from.read(() => copySession(from, { table, options, clock }, { through: copy.through }));
  } catch (error) {
    const isCorrupt = error instanceof CassandraHistoryError && error.code === "CORRUPT_ROW";
    throw isCorrupt && error.id !== undefined ? corruptRow(copy.sessionId, error.id, error.cause) : error;
  }
}

/** Dates all that is written by one time. */
class FixedClock extends SessionClock {
  readonly #timestamp: number;

  constructor({ keyspace, table, sessionId }: ResolvedOptions, timestamp: number) {
    super(keyspace, table, sessionId);
    this.#timestamp = timestamp;
  }

  override writeTime(): number {
    return this.#timestamp;
  }
}
