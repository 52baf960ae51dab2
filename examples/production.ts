/** The start of a service: one client, every acknowledged message on two of three replicas, the table made ahead. */
import { Client, types } from "cassandra-driver";
import { CassandraChatMessageHistory } from "langchain-cassandra-history";

const { CASSANDRA_CONTACT_POINTS = "127.0.0.1", CASSANDRA_LOCAL_DC = "datacenter1" } = process.env;
const client = new Client({
  contactPoints: CASSANDRA_CONTACT_POINTS.split(","),
  localDataCenter: CASSANDRA_LOCAL_DC,
  queryOptions: { consistency: types.consistencies.localQuorum },
});
await client.connect();

// An operator does this once. On three or more nodes the replication factor is 3.
const nodes = client.hosts.length;
await client.execute(
  `CREATE KEYSPACE IF NOT EXISTS app WITH replication = {'class': 'NetworkTopologyStrategy', '${CASSANDRA_LOCAL_DC}': ${Math.min(nodes, 3)}}`,
);

const history = new CassandraChatMessageHistory({ client, keyspace: "app", sessionId: crypto.randomUUID() });
await history.setup();
await history.addUserMessage("hi!");
console.log(`${await history.count()} message is stored.`);
await client.shutdown();
