import type { BaseMessage } from "@langchain/core/messages";
import { editFailed } from "../errors/failures.ts";
import { forkRefused } from "../errors/refusals.ts";
import { SessionClock } from "../ids/clock.ts";
import { type AppendOptions, checkIds, copyMessages } from "../options/arguments.ts";
import type { ResolvedOptions } from "../options/history-options.ts";
import { throwIfAborted, untilAborted } from "../table/abort.ts";
import { MessageTable } from "../table/message-table.ts";
import type { Turn } from "../table/row-memory.ts";
import type { InsertRow } from "../table/stored-row.ts";
import { maxBatchRows } from "./batches.ts";
import { CallOrder } from "./call-order.ts";
import { GatheredAdds } from "./gathered-adds.ts";
import { IdQueue } from "./id-queue.ts";
import { type Session, SessionReader } from "./reader.ts";
import { copyMessage, type EncodedMessage, encodeRow } from "./row-codec.ts";

/** What may end an edit, and what its error tells. */
interface Edit {
  readonly signal: AbortSignal | undefined;
  readonly ids?: readonly string[];
  /** UTF-8 bytes of the largest text. */
  readonly bytes?: number;
  /** Of an update: its turn among the updates of its row, taken at the call. It ends with the edit. */
  readonly turn?: Turn;
}

/** One batch of an add on its way to the table. */
export interface AddedBatch {
  readonly rows: readonly InsertRow[];
  readonly signal: AbortSignal | undefined;
  /** Dates the batch now. */
  readonly date: () => DatedBatch;
}

/** A batch that has its date. */
export interface DatedBatch {
  /** Microseconds since 1970: of all rows. What is recorded of them must not be older. */
  readonly timestamp: number;
  /** Stores the rows at that date, but for those that were given up by then. */
  readonly write: () => Promise<void>;
}

/** Keeps a record of every add beside the messages. */
export interface AddRecorder {
  /** Writes the batch, and what there is to record of it. Rejects with `RecordFailure` where only the record fails. */
  record(batch: AddedBatch): Promise<void>;
}

/** The parts of one history: the session's table, clock and reader, and the order of the calls on the history. */
export class Conversation implements Session {
  readonly options: ResolvedOptions;
  readonly table: MessageTable;
  readonly clock: SessionClock;
  readonly reader: SessionReader;
  readonly #recorder: AddRecorder | undefined;
  readonly #ids: IdQueue;
  readonly #gatheredAdds: GatheredAdds;
  readonly #calls = new CallOrder();

  constructor(options: ResolvedOptions, recorder?: AddRecorder) {
    this.options = options;
    this.#recorder = recorder;
    this.table = new MessageTable(options);
    this.clock = new SessionClock(options.keyspace, options.table, options.sessionId);
    this.reader = new SessionReader(this);
    this.#ids = new IdQueue(this.clock, (signal) => this.reader.newestId(signal));
    this.#gatheredAdds = new GatheredAdds(
      (rows, signal) => this.#insert(rows, signal),
      maxBatchRows(options.sessionId),
    );
  }

  #insert(rowsNow: () => readonly InsertRow[], signal: AbortSignal | undefined): Promise<void> {
    const { clock, table } = this;
    if (this.#recorder === undefined) return table.insert(rowsNow, { timestamp: clock.writeTime(), signal });
    const rows = rowsNow();
    const date = (): DatedBatch => {
      const timestamp = table.insertTime(rows, clock.writeTime());
      return { timestamp, write: () => table.update(rowsNow, { timestamp, signal }) };
    };
    return this.#recorder.record({ rows, signal, date });
  }

  /** This one, unless it is of a user's session. */
  asForkSource(): Conversation {
    if (this.#recorder !== undefined) throw forkRefused();
    return this;
  }

  /** A read in its turn. Once the signal aborts, the caller waits no longer. */
  read<Result>(read: () => Promise<Result>, signal?: AbortSignal): Promise<Result> {
    return untilAborted(this.#calls.run("read", read, signal), signal);
  }

  /** A change in its turn. Rejects with the error of an edit. */
  async edit<Result>(change: () => Promise<Result>, { signal, ids = [], bytes = 0, turn }: Edit): Promise<Result> {
    try {
      throwIfAborted(signal);
      return await this.#calls.run("edit", change, signal);
    } catch (error) {
      throwIfAborted(signal);
      throw editFailed(error, ids, bytes);
    } finally {
      turn?.end();
    }
  }

  /** Encodes the messages as they are now, gives them their ids, and stores them in their turn. */
  async add(messages: readonly BaseMessage[], options: AppendOptions = {}): Promise<EncodedMessage[]> {
    const copy = copyMessages(messages);
    checkIds(options.ids, copy.length);
    throwIfAborted(options.signal);
    if (copy.length === 0) return [];
    const ids = this.#takeIds(copy.length, options);
    if (ids instanceof Promise) return this.#addLater(copy, ids, options);
    const rows = this.#encode(copy, ids, options);
    await this.#calls.run("add", () => this.#gatheredAdds.send(rows, options.signal), options.signal);
    return rows;
  }

  #takeIds(count: number, { ids, signal }: AppendOptions): readonly string[] | Promise<string[]> {
    const newest = ids?.at(-1);
    if (ids === undefined || newest === undefined) return this.#ids.take(count, signal);
    this.clock.observe(newest);
    return ids;
  }

  /** Until the ids are there, the add keeps its place among the calls, and its messages as they are now. */
  #addLater(messages: readonly unknown[], ids: Promise<string[]>, options: AppendOptions): Promise<EncodedMessage[]> {
    // Where the call is aborted first, nobody awaits the ids.
    ids.catch(() => {});
    const copies = messages.map(copyMessage);
    const add = async (): Promise<EncodedMessage[]> => {
      const rows = this.#encode(copies, await ids, options);
      await this.#gatheredAdds.send(rows, options.signal);
      return rows;
    };
    return this.#calls.run("add", add, options.signal);
  }

  #encode(messages: readonly unknown[], ids: readonly string[], options: AppendOptions): EncodedMessage[] {
    const { ttlSeconds = this.options.ttlSeconds } = options;
    return messages.map((message, position) =>
      encodeRow(message, { position, id: ids[position] ?? "", ttlSeconds }, this.options),
    );
  }
}
