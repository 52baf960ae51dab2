import { RecordFailure } from "../errors/failures.ts";
import type { AddedBatch, AddRecorder } from "../history/conversation.ts";
import { readSteadyMillis } from "../ids/readings.ts";
import { ENTRY_EXPIRY_MARGIN_SECONDS, MAX_TTL_SECONDS } from "../options/limits.ts";
import { throwIfAborted } from "../table/abort.ts";
import type { SessionRow } from "../table/session-row.ts";
import type { SessionCell } from "../table/sessions-table.ts";
import { activity, companions, longerExpiry } from "./entry-cells.ts";
import { isListed, type KnownSession, rememberListed } from "./known-sessions.ts";
import type { SessionEntry } from "./session-entry.ts";

/** The expiry of an entry whose messages expire so: 0 is none. */
export function entryExpiry(ttlSeconds: number | undefined): number {
  return ttlSeconds ? Math.min(ttlSeconds + ENTRY_EXPIRY_MARGIN_SECONDS, MAX_TTL_SECONDS) : 0;
}

/**
 * Writes the session's entry with each add. Both have the same date, so that a delete that meets them takes both or leaves both.
 *
 * Where the process does not know whether the entry is there, it is stored before the messages are sent. So there are never
 * messages that no list shows, whenever the process ends.
 */
export class EntryRecorder implements AddRecorder {
  readonly #entry: SessionEntry;

  constructor(entry: SessionEntry) {
    this.#entry = entry;
  }

  async record(batch: AddedBatch): Promise<void> {
    // All that was to be sent has been given up.
    if (batch.rows.length === 0) return batch.date().write();
    const ttlSeconds = latestExpiry(batch);
    const isKnown = (): boolean => ttlSeconds === 0 && isListed(this.#entry.known) && this.#entry.known.lasts;
    if (isKnown()) return this.#addBeside(batch);
    const wasKnown = await this.#entry.inTurn(async () => {
      throwIfAborted(batch.signal);
      // An add before this one has stored it.
      if (isKnown()) return true;
      if (ttlSeconds === 0) await this.#addLasting(batch, this.#entry.known);
      else await this.#addExpiring(batch, ttlSeconds, this.#entry.known);
      return false;
    });
    if (wasKnown) await this.#addBeside(batch);
  }

  /** The entry is there, and lasts. */
  async #addBeside(batch: AddedBatch): Promise<void> {
    const { timestamp, write } = batch.date();
    const entry = this.#entry.write([activity({ timestamp, ttlSeconds: 0 })], batch.signal);
    await bothStored(write(), entry);
  }

  async #addLasting(batch: AddedBatch, known: KnownSession): Promise<void> {
    const { signal } = batch;
    const { timestamp, write } = batch.date();
    const dating = { timestamp, ttlSeconds: 0 };
    const began = readSteadyMillis();
    const stored = Promise.all([this.#entry.read(signal), this.#entry.write([activity(dating)], signal)]);
    const [row] = await nothingSent(stored);
    await bothStored(write(), this.#entry.write(companions(row, dating), signal));
    rememberListed(known, began, 0);
  }

  async #addExpiring(batch: AddedBatch, ttlSeconds: number, known: KnownSession): Promise<void> {
    const { signal } = batch;
    const row = await nothingSent(this.#entry.read(signal));
    const { timestamp, write } = batch.date();
    const began = readSteadyMillis();
    const list = (): Promise<void> => this.#entry.write(expiringCells(row, timestamp, ttlSeconds), signal);
    if (row?.lastActive !== undefined && isListed(known)) {
      await bothStored(write(), list());
    } else {
      await nothingSent(list());
      await write();
    }
    // The messages may expire later than the entry by as long as it took to store them.
    const isLate = readSteadyMillis() - began >= ENTRY_EXPIRY_MARGIN_SECONDS * 1000;
    if (isLate) await bothStored(Promise.resolve(), list());
    rememberListed(known, began, longerExpiry(row, entryExpiry(ttlSeconds)));
  }
}

function expiringCells(row: SessionRow | undefined, timestamp: number, ttlSeconds: number): SessionCell[] {
  const dating = { timestamp, ttlSeconds: longerExpiry(row, entryExpiry(ttlSeconds)) };
  return [activity(dating), ...companions(row, dating)];
}

/** Of the last-expiring message; 0 where one lasts. A default expiry of the message table is not known. */
function latestExpiry({ rows }: AddedBatch): number {
  const lasts = rows.some(({ ttlSeconds }) => !ttlSeconds);
  return lasts ? 0 : rows.reduce((latest, { ttlSeconds = 0 }) => Math.max(latest, ttlSeconds), 0);
}

async function nothingSent<Result>(entry: Promise<Result>): Promise<Result> {
  try {
    return await entry;
  } catch (error) {
    throw new RecordFailure(error, false);
  }
}

/** Resolves when both are stored. Where the messages are not, that is what the caller is told. */
async function bothStored(messages: Promise<void>, entry: Promise<void>): Promise<void> {
  const [added, recorded] = await Promise.allSettled([messages, entry]);
  if (added.status === "rejected") throw added.reason;
  if (recorded.status === "rejected") throw new RecordFailure(recorded.reason, true);
}
