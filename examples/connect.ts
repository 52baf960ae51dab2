import { Client, type DseClientOptions } from "cassandra-driver";

/**
 * A connected client of the cluster that CASSANDRA_CONTACT_POINTS and CASSANDRA_LOCAL_DC name, else of a node on this
 * machine. Makes the keyspace "app" for the examples where it is not there. Whoever calls this shuts the client down.
 */
export async function connect(options: Partial<DseClientOptions> = {}): Promise<Client> {
  const { CASSANDRA_CONTACT_POINTS = "127.0.0.1", CASSANDRA_LOCAL_DC = "datacenter1" } = process.env;
  const client = new Client({
    contactPoints: CASSANDRA_CONTACT_POINTS.split(","),
    localDataCenter: CASSANDRA_LOCAL_DC,
    ...options,
  });
  await client.execute(
    "CREATE KEYSPACE IF NOT EXISTS app WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
  );
  return client;
}
