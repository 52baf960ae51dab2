import type { Client, types } from "cassandra-driver";

/** One row of a history's table. */
interface WrittenRow {
  readonly keyspace: string;
  /** @defaultValue `message_store` */
  readonly table?: string;
  readonly sessionId: string;
  readonly id: string;
  /** The text of the column `message`. */
  readonly message: string | null;
  /** In microseconds. */
  readonly timestamp: number | types.Long;
}

/** Writes a row past the library, as another program would: a new one, or over one that is there. */
export async function writeRow(client: Client, row: WrittenRow): Promise<void> {
  const { keyspace, table = "message_store", sessionId, id, message, timestamp } = row;
  const insert = `INSERT INTO "${keyspace}"."${table}" (session_id, message_id, message) VALUES (?, ?, ?)`;
  await client.execute(insert, [sessionId, id, message], { prepare: true, timestamp });
}

/** The text of a row that holds a human message. */
export function humanRow(content: string): string {
  return JSON.stringify({ type: "human", data: { content } });
}
