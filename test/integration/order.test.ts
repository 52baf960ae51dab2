import { AIMessage, HumanMessage } from "@langchain/core/messages";
import { expect, test } from "vitest";
import { numbered, texts, turn } from "../support/messages.ts";
import { openClient, openHistory, ownKeyspace } from "../support/session.ts";

const client = openClient();
const keyspace = ownKeyspace(client);

test("200 turns added one after the other are all there, in order", async () => {
  const history = openHistory({ client, keyspace });
  const turns = Array.from({ length: 200 }, (_, number) => turn(number));
  for (const messages of turns) await history.addMessages(messages);
  expect(texts(await history.getMessages())).toEqual(texts(turns.flat()));
});

test("2,000 parallel adds of one history are all there, in the order of the calls", async () => {
  const history = openHistory({ client, keyspace });
  await Promise.all(numbered(2000).map((message) => history.addMessage(message)));
  expect(texts(await history.getMessages())).toEqual(texts(numbered(2000)));
});

test("2,000 parallel adds by 2,000 histories of one session are all there, in the order of the calls", async () => {
  const sessionId = "many histories";
  await Promise.all(numbered(2000).map((message) => openHistory({ client, keyspace, sessionId }).addMessage(message)));
  expect(texts(await openHistory({ client, keyspace, sessionId }).getMessages())).toEqual(texts(numbered(2000)));
});

test("5,000 parallel adds in as many sessions are all stored", async () => {
  const histories = Array.from({ length: 5000 }, () => openHistory({ client, keyspace, table: "wide" }));
  await Promise.all(histories.map((history) => history.addUserMessage("hi")));
  const { rows } = await client.execute(`SELECT count(*) AS rows FROM ${keyspace}.wide`);
  expect(Number(rows[0]?.["rows"])).toBe(5000);
});

test("calls on one history take effect in the order of the calls, awaited or not", async () => {
  const history = openHistory({ client, keyspace });
  const before = history.getMessages();
  const first = history.addMessages(numbered(2));
  const between = history.getMessages();
  const cleared = history.clear();
  const second = history.addMessage(new AIMessage("after"));
  const after = history.getMessages();
  await Promise.all([first, cleared, second]);
  expect([await before, await between, await after].map(texts)).toEqual([[], texts(numbered(2)), ["after"]]);
});

test("a message is stored as it was at the call", async () => {
  const history = openHistory({ client, keyspace });
  const message = new HumanMessage("before");
  const added = history.addMessage(message);
  message.content = "changed";
  await added;
  expect(texts(await history.getMessages())).toEqual(["before"]);
});

test("an add after clear survives, through whichever client", async () => {
  const other = openClient();
  const [clearing, adding] = [
    openHistory({ client, keyspace, sessionId: "s" }),
    openHistory({ client: other, keyspace, sessionId: "s" }),
  ];
  for (let round = 0; round < 200; round += 1) {
    await clearing.clear();
    await adding.addUserMessage(`round ${round}`);
    expect(texts(await clearing.getMessages())).toEqual([`round ${round}`]);
  }
});
