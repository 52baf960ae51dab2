/**
 * Copies every message that the class of `@langchain/community` wrote into a table of this library. A message's time makes
 * its id and dates its write, so that it can be run again, after a failure or once the old writers have stopped: nothing is
 * there twice, and what was edited or deleted in the new table meanwhile stays so. The old table is only read.
 */
import { Client, concurrent, types } from "cassandra-driver";
import { CassandraChatMessageHistory } from "langchain-cassandra-history";

const { CASSANDRA_CONTACT_POINTS = "127.0.0.1", CASSANDRA_LOCAL_DC = "datacenter1" } = process.env;
const { KEYSPACE = "app", OLD_TABLE = "message_history", NEW_TABLE = "message_store" } = process.env;
const client = new Client({
  contactPoints: CASSANDRA_CONTACT_POINTS.split(","),
  localDataCenter: CASSANDRA_LOCAL_DC,
});
await new CassandraChatMessageHistory({ client, keyspace: KEYSPACE, table: NEW_TABLE, sessionId: "any" }).setup();

// Without quotes, as that class names its table.
const select = `SELECT session_id, message_ts, message_type, data FROM ${KEYSPACE}.${OLD_TABLE}`;
const insert = `INSERT INTO "${KEYSPACE}"."${NEW_TABLE}" (session_id, message_id, message) VALUES (?, ?, ?) USING TIMESTAMP ?`;

function toRow(row: types.Row): unknown[] {
  const time: Date = row["message_ts"];
  const id = types.TimeUuid.fromDate(time, 0, "copied", "00");
  const message = `{"type":${JSON.stringify(row["message_type"])},"data":${row["data"]}}`;
  return [row["session_id"], id, message, types.Long.fromNumber(time.getTime() * 1000)];
}

let copied = 0;
let pageState: string | undefined;
do {
  const page = await client.execute(select, [], { prepare: true, fetchSize: 500, ...(pageState && { pageState }) });
  await concurrent.executeConcurrent(client, insert, page.rows.map(toRow));
  copied += page.rows.length;
  pageState = page.pageState;
} while (pageState);
console.log(`${copied} messages copied.`);
await client.shutdown();
