import { chatHistorySuite } from "../conformance/suite.ts";
import { openClient, openHistory, ownKeyspace } from "../support/session.ts";

const client = openClient();
const keyspace = ownKeyspace(client);

chatHistorySuite("CassandraChatMessageHistory", () => openHistory({ client, keyspace }));
