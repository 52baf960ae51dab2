import { Transform, type TransformCallback } from "node:stream";
import { types } from "cassandra-driver";

const HEADER_BYTES = 9;
/** Opcodes of the native protocol v4, section 2.4. */
export const OPCODE = {
  supported: 0x06,
  query: 0x07,
  result: 0x08,
  prepare: 0x09,
  execute: 0x0a,
  batch: 0x0d,
} as const;
const PREPARED = 4;

/** One request or response of the native protocol, v3 or later, uncompressed. */
export interface Frame {
  readonly stream: number;
  readonly opcode: number;
  readonly body: Buffer;
}

/** Passes whole frames on. `change` gives back each frame as it is, or with another body. */
export class FrameStream extends Transform {
  #waiting = Buffer.alloc(0);
  readonly #change: (frame: Frame) => Frame;

  constructor(change: (frame: Frame) => Frame) {
    super();
    this.#change = change;
  }

  override _transform(chunk: Buffer, _: BufferEncoding, done: TransformCallback): void {
    this.#waiting = Buffer.concat([this.#waiting, chunk]);
    for (let whole = this.#take(); whole !== undefined; whole = this.#take()) {
      const { body } = this.#change({
        stream: whole.readInt16BE(2),
        opcode: whole.readUInt8(4),
        body: whole.subarray(HEADER_BYTES),
      });
      const header = Buffer.from(whole.subarray(0, HEADER_BYTES));
      header.writeUInt32BE(body.length, 5);
      this.push(Buffer.concat([header, body]));
    }
    done();
  }

  #take(): Buffer | undefined {
    if (this.#waiting.length < HEADER_BYTES) return undefined;
    const end = HEADER_BYTES + this.#waiting.readUInt32BE(5);
    if (this.#waiting.length < end) return undefined;
    const whole = this.#waiting.subarray(0, end);
    this.#waiting = this.#waiting.subarray(end);
    return whole;
  }
}

/** Reads the notations of section 3 from a body, one after the other. */
class Cursor {
  readonly #body: Buffer;
  #at = 0;

  constructor(body: Buffer) {
    this.#body = body;
  }

  byte(): number {
    return this.bytes(1).readUInt8();
  }

  short(): number {
    return this.bytes(2).readUInt16BE();
  }

  int(): number {
    return this.bytes(4).readInt32BE();
  }

  /** A length below 0 means null or unset: no bytes follow. */
  bytes(length: number): Buffer {
    const start = this.#at;
    this.#at += Math.max(length, 0);
    return this.#body.subarray(start, this.#at);
  }

  longString(): string {
    return this.bytes(this.int()).toString();
  }

  preparedId(): string {
    return this.bytes(this.short()).toString("hex");
  }
}

/** A statement as it went over the wire. */
export interface SentStatement {
  readonly query: string;
  /** A name of the driver's `types.consistencies`. */
  readonly consistency: string;
}

/** Reads the statements that go over one connection. */
export class StatementReader {
  readonly #prepared: Map<string, string>;
  readonly #preparing = new Map<number, string>();

  /** @param prepared - the statements prepared so far, by id; shared by all connections to a node */
  constructor(prepared: Map<string, string>) {
    this.#prepared = prepared;
  }

  readRequest({ opcode, stream, body }: Frame): SentStatement[] {
    const cursor = new Cursor(body);
    if (opcode === OPCODE.prepare) this.#preparing.set(stream, cursor.longString());
    if (opcode === OPCODE.query) return sent([cursor.longString()], cursor.short());
    if (opcode === OPCODE.execute) return sent([this.#queryOf(cursor)], cursor.short());
    if (opcode !== OPCODE.batch) return [];
    cursor.byte();
    const queries = Array.from({ length: cursor.short() }, () => {
      const query = cursor.byte() === 0 ? cursor.longString() : this.#queryOf(cursor);
      for (let values = cursor.short(); values > 0; values -= 1) cursor.bytes(cursor.int());
      return query;
    });
    return sent(queries, cursor.short());
  }

  readResponse({ opcode, stream, body }: Frame): void {
    const query = this.#preparing.get(stream);
    if (query === undefined) return;
    this.#preparing.delete(stream);
    const cursor = new Cursor(body);
    if (opcode === OPCODE.result && cursor.int() === PREPARED) this.#prepared.set(cursor.preparedId(), query);
  }

  #queryOf(cursor: Cursor): string {
    const id = cursor.preparedId();
    return this.#prepared.get(id) ?? `unknown statement ${id}`;
  }
}

function sent(queries: readonly string[], consistency: number): SentStatement[] {
  const name = Object.entries(types.consistencies).find(([, value]) => value === consistency)?.[0];
  return queries.map((query) => ({ query, consistency: name ?? String(consistency) }));
}

/** A SUPPORTED response with one option more: a string multimap, which begins with the number of its keys. */
export function withOption({ body, ...frame }: Frame, key: string, value: string): Frame {
  const count = Buffer.alloc(2);
  count.writeUInt16BE(body.readUInt16BE() + 1);
  const one = Buffer.from([0, 1]);
  return { ...frame, body: Buffer.concat([count, body.subarray(2), text(key), one, text(value)]) };
}

function text(value: string): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(Buffer.byteLength(value));
  return Buffer.concat([length, Buffer.from(value)]);
}
