/** An application's own test, run by `node --test`: on a fake history, and on a real Cassandra. */
import { deepEqual } from "node:assert/strict";
import { after, before, test } from "node:test";
import { type BaseListChatMessageHistory, InMemoryChatMessageHistory } from "@langchain/core/chat_history";
import { HumanMessage } from "@langchain/core/messages";
import { FakeListChatModel } from "@langchain/core/utils/testing";
import { Client } from "cassandra-driver";
import { CassandraChatMessageHistory } from "langchain-cassandra-history";

/** The code under test: it takes any history. */
async function answer(history: BaseListChatMessageHistory, question: string): Promise<void> {
  const model = new FakeListChatModel({ responses: ["whats up?"] });
  const reply = await model.invoke([...(await history.getMessages()), new HumanMessage(question)]);
  await history.addMessages([new HumanMessage(question), reply]);
}

async function expectTurn(history: BaseListChatMessageHistory): Promise<void> {
  await answer(history, "hi!");
  const texts = (await history.getMessages()).map(({ text }) => text);
  deepEqual(texts, ["hi!", "whats up?"]);
}

test("a turn is kept, in memory", () => expectTurn(new InMemoryChatMessageHistory()));

const { CASSANDRA_CONTACT_POINTS = "127.0.0.1", CASSANDRA_LOCAL_DC = "datacenter1" } = process.env;
const client = new Client({
  contactPoints: CASSANDRA_CONTACT_POINTS.split(","),
  localDataCenter: CASSANDRA_LOCAL_DC,
});
before(() =>
  client.execute(
    "CREATE KEYSPACE IF NOT EXISTS app_test WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
  ),
);
after(async () => {
  await client.execute("DROP KEYSPACE app_test");
  await client.shutdown();
});

test("a turn is kept, in Cassandra", () =>
  expectTurn(new CassandraChatMessageHistory({ client, keyspace: "app_test", sessionId: crypto.randomUUID() })));
