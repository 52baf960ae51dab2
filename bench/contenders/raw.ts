import { randomBytes } from "node:crypto";
import { BaseListChatMessageHistory } from "@langchain/core/chat_history";
import { type BaseMessage, mapStoredMessagesToChatMessages, type StoredMessage } from "@langchain/core/messages";
import { type Client, types } from "cassandra-driver";
import type { Contender, SessionUnderTest } from "./contender.ts";

const CREATE_TABLE = `CREATE TABLE IF NOT EXISTS raw_messages (session_id text, message_id timeuuid, message text,
  PRIMARY KEY ((session_id), message_id)) WITH CLUSTERING ORDER BY (message_id DESC)`;
const WRITE = { prepare: true, isIdempotent: true };
const BATCH = { prepare: true, isIdempotent: true, logged: false };
/** Rows of a bulk append that go in one batch: below 1 MiB of the benchmark's messages. */
const ROWS_PER_BATCH = 1000;
/** The driver's own default. */
const ROWS_PER_PAGE = 5000;

/**
 * The floor: cassandra-driver with the ideal statements by hand, core's own mapping and `JSON`, and nothing else: no check,
 * no error of its own, no order beyond that of the ids.
 */
export class Raw implements Contender {
  readonly name: string;
  readonly lossy = false;
  readonly opensClients = false;
  readonly #client: Client;
  readonly #insert: string;
  readonly #select: string;
  readonly #selectNewest: string;
  readonly #node = randomBytes(6);
  readonly #clock = randomBytes(2);
  #millisecond = 0;
  #ticks = 0;

  private constructor(name: string, client: Client, keyspace: string) {
    this.name = name;
    this.#client = client;
    this.#insert = `INSERT INTO ${keyspace}.raw_messages (session_id, message_id, message) VALUES (?, ?, ?)`;
    this.#select = `SELECT message FROM ${keyspace}.raw_messages WHERE session_id = ? ORDER BY message_id DESC`;
    this.#selectNewest = `${this.#select} LIMIT ?`;
  }

  static async create(name: string, client: Client, keyspace: string): Promise<Raw> {
    await client.execute(CREATE_TABLE.replace("raw_messages", `${keyspace}.raw_messages`));
    return new Raw(name, client, keyspace);
  }

  open(sessionId: string): SessionUnderTest {
    return new RawSession(this, sessionId);
  }

  request(sessionId: string, size: number): Promise<BaseMessage[]> {
    return this.window(sessionId, size);
  }

  history(sessionId: string): BaseListChatMessageHistory {
    return new RawHistory(this, sessionId);
  }

  fill(sessionId: string, messages: readonly BaseMessage[]): Promise<void> {
    return this.addAll(sessionId, messages);
  }

  async release(): Promise<void> {}

  async stop(): Promise<void> {}

  async add(sessionId: string, message: BaseMessage): Promise<void> {
    await this.#client.execute(this.#insert, this.#row(sessionId, message), WRITE);
  }

  async addAll(sessionId: string, messages: readonly BaseMessage[]): Promise<void> {
    for (let at = 0; at < messages.length; at += ROWS_PER_BATCH) {
      const queries = [];
      for (const message of messages.slice(at, at + ROWS_PER_BATCH)) {
        queries.push({ query: this.#insert, params: this.#row(sessionId, message) });
      }
      await this.#client.batch(queries, BATCH);
    }
  }

  async window(sessionId: string, size: number): Promise<BaseMessage[]> {
    const { rows } = await this.#client.execute(this.#selectNewest, [sessionId, size], WRITE);
    return toMessages(rows);
  }

  async read(sessionId: string): Promise<BaseMessage[]> {
    const rows: types.Row[] = [];
    let pageState: string | undefined;
    do {
      const options = { ...WRITE, fetchSize: ROWS_PER_PAGE, ...(pageState !== undefined && { pageState }) };
      const page: types.ResultSet = await this.#client.execute(this.#select, [sessionId], options);
      for (const row of page.rows) rows.push(row);
      pageState = page.pageState ?? undefined;
    } while (pageState !== undefined);
    return toMessages(rows);
  }

  #row(sessionId: string, message: BaseMessage): unknown[] {
    return [sessionId, this.#nextId(), JSON.stringify(message.toDict())];
  }

  /** Six times cheaper than the driver's `TimeUuid.now()`, which asks for random bytes each time. */
  #nextId(): types.TimeUuid {
    const now = Date.now();
    this.#ticks = now > this.#millisecond ? 0 : this.#ticks + 1;
    if (now > this.#millisecond) this.#millisecond = now;
    return types.TimeUuid.fromDate(new Date(this.#millisecond), this.#ticks, this.#node, this.#clock);
  }
}

function toMessages(newestFirst: readonly types.Row[]): BaseMessage[] {
  const stored: StoredMessage[] = [];
  for (const row of newestFirst) stored.push(JSON.parse(row["message"]));
  return mapStoredMessagesToChatMessages(stored.reverse());
}

class RawSession implements SessionUnderTest {
  readonly #raw: Raw;
  readonly #sessionId: string;

  constructor(raw: Raw, sessionId: string) {
    this.#raw = raw;
    this.#sessionId = sessionId;
  }

  add(message: BaseMessage): Promise<void> {
    return this.#raw.add(this.#sessionId, message);
  }

  addAll(messages: readonly BaseMessage[]): Promise<void> {
    return this.#raw.addAll(this.#sessionId, messages);
  }

  addEach(messages: readonly BaseMessage[]): Promise<unknown> {
    return Promise.all(messages.map((message) => this.#raw.add(this.#sessionId, message)));
  }

  read(): Promise<BaseMessage[]> {
    return this.#raw.read(this.#sessionId);
  }

  window(size: number): Promise<BaseMessage[]> {
    return this.#raw.window(this.#sessionId, size);
  }
}

/** The least that LangChain's runnable takes. */
class RawHistory extends BaseListChatMessageHistory {
  lc_namespace: string[] = ["bench"];
  readonly #session: SessionUnderTest;

  constructor(raw: Raw, sessionId: string) {
    super();
    this.#session = raw.open(sessionId);
  }

  getMessages(): Promise<BaseMessage[]> {
    return this.#session.read();
  }

  addMessage(message: BaseMessage): Promise<void> {
    return this.#session.add(message);
  }

  override addMessages(messages: BaseMessage[]): Promise<void> {
    return this.#session.addAll(messages);
  }
}
