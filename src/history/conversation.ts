import type { BaseMessage } from "@langchain/core/messages";
import { editFailed } from "../errors/failures.ts";
import { SessionClock } from "../ids/clock.ts";
import { type AppendOptions, checkIds, checkMessages } from "../options/arguments.ts";
import type { ResolvedOptions } from "../options/history-options.ts";
import { throwIfAborted, untilAborted } from "../table/abort.ts";
import { MessageTable } from "../table/message-table.ts";
import { maxBatchRows } from "./batches.ts";
import { CallOrder } from "./call-order.ts";
import { Outbox } from "./outbox.ts";
import { type Session, SessionReader } from "./reader.ts";
import { type EncodedMessage, encodeRow } from "./rows.ts";

/** What may end an edit, and what its error tells. */
interface Edit {
  readonly signal: AbortSignal | undefined;
  readonly ids?: readonly string[];
  /** UTF-8 bytes of the largest text. */
  readonly bytes?: number;
}

/** What one history stands on: the session's table, clock and reader, and the order of the calls on the history. */
export class Conversation implements Session {
  readonly options: ResolvedOptions;
  readonly table: MessageTable;
  readonly clock: SessionClock;
  readonly reader: SessionReader;
  readonly #outbox: Outbox;
  readonly #calls = new CallOrder();

  constructor(options: ResolvedOptions) {
    this.options = options;
    this.table = new MessageTable(options);
    this.clock = new SessionClock(JSON.stringify([options.keyspace, options.table, options.sessionId]));
    this.reader = new SessionReader(this);
    this.#outbox = new Outbox((rows, signal) => this.table.insert(rows, { signal }), maxBatchRows(options.sessionId));
  }

  /** A read in its turn. Once the signal aborts, the caller waits no longer. */
  read<Result>(read: () => Promise<Result>, signal?: AbortSignal): Promise<Result> {
    return untilAborted(this.#calls.run("read", read, signal), signal);
  }

  /** A change in its turn. Rejects with the error of an edit. */
  async edit<Result>(change: () => Promise<Result>, { signal, ids = [], bytes = 0 }: Edit): Promise<Result> {
    throwIfAborted(signal);
    try {
      return await this.#calls.run("edit", change, signal);
    } catch (error) {
      throwIfAborted(signal);
      throw editFailed(error, ids, bytes);
    }
  }

  /** Encodes the messages as they are now, gives them their ids, and stores them in their turn. */
  async add(messages: readonly BaseMessage[], options: AppendOptions = {}): Promise<EncodedMessage[]> {
    const { ids, ttlSeconds = this.options.ttlSeconds, signal } = options;
    checkMessages(messages);
    checkIds(ids, messages.length);
    throwIfAborted(signal);
    // Not by `map`, which passes over holes.
    const rows = Array.from(messages, (message, position) =>
      encodeRow(message, { position, id: ids?.[position] ?? this.clock.nextIds(1)[0] ?? "", ttlSeconds }, this.options),
    );
    const newest = ids?.at(-1);
    if (newest !== undefined) this.clock.observe(newest);
    if (rows.length > 0) await this.#calls.run("add", () => this.#outbox.send(rows, signal), signal);
    return rows;
  }
}
