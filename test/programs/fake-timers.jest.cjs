/**
 * The main path of the CommonJS build under Jest, which replaces more than Vitest does, `process.nextTick` included. The test
 * functions are globals of Jest.
 */
const { randomUUID } = require("node:crypto");
const { AIMessage, HumanMessage } = require("@langchain/core/messages");
const { Client } = require("cassandra-driver");
const { CassandraChatMessageHistory } = require("langchain-cassandra-history");

const { CASSANDRA_CONTACT_POINTS = "127.0.0.1", CASSANDRA_LOCAL_DC = "datacenter1", KEYSPACE = "app" } = process.env;
const client = new Client({
  contactPoints: CASSANDRA_CONTACT_POINTS.split(","),
  localDataCenter: CASSANDRA_LOCAL_DC,
});

beforeAll(() => client.connect());
afterEach(() => {
  jest.useRealTimers();
});
afterAll(() => client.shutdown());

function open(options = {}) {
  return new CassandraChatMessageHistory({ client, keyspace: KEYSPACE, sessionId: randomUUID(), ...options });
}

async function textsOf(history) {
  return (await history.getMessages()).map(({ text }) => text);
}

async function useMainPath(history) {
  await Promise.all([history.addUserMessage("hi!"), history.addAIMessage("whats up?")]);
  const { signal } = new AbortController();
  const [expiring] = await history.append([new HumanMessage("old")], { ttlSeconds: 1000, signal });
  await history.update(expiring.id, new AIMessage("new"));
  expect(await textsOf(history)).toEqual(["hi!", "whats up?", "new"]);
  await history.clear();
  expect(await textsOf(history)).toEqual([]);
  await history.addUserMessage("again");
  expect(await textsOf(history)).toEqual(["again"]);
}

// The driver itself sends by process.nextTick, and so needs it real, or advanced.
test.each([
  ["all but nextTick, and nobody advances them", { doNotFake: ["nextTick"] }],
  ["all, and they advance by themselves", { advanceTimers: 1 }],
  ["all but nextTick, in 2001", { doNotFake: ["nextTick"], now: Date.UTC(2001) }],
  ["all but nextTick, in 2099", { doNotFake: ["nextTick"], now: Date.UTC(2099) }],
])("the main path works with Jest's fake timers: %s", async (_, options) => {
  const history = open();
  jest.useFakeTimers(options);
  await useMainPath(history);
});

test("a later message of another session is dated by the real clock", async () => {
  jest.useFakeTimers({ doNotFake: ["nextTick"], now: Date.UTC(2099) });
  await open().addUserMessage("in 2099");
  jest.useRealTimers();
  const before = Date.now();
  const [{ createdAt }] = await open().append([new HumanMessage("now")]);
  expect(createdAt.getTime()).toBeGreaterThanOrEqual(before);
  expect(createdAt.getTime()).toBeLessThanOrEqual(Date.now());
});

/** What every row of an answer has: it may be a table, or a message. */
const every = { id: "00000000-0000-1000-8000-000000000000", writetime: 1 };

/** Answers at once, by promises alone: what is left to wait for is the library's. */
const answering = {
  execute: async () => ({
    rows: [
      { ...every, column_name: "session_id", kind: "partition_key", type: "text" },
      { ...every, column_name: "message_id", kind: "clustering", type: "timeuuid" },
      { ...every, column_name: "message", kind: "regular", type: "text" },
    ],
  }),
  batch: async () => ({}),
};

test("no call waits for anything that Jest fakes, nextTick included", async () => {
  const history = open({ client: answering });
  jest.useFakeTimers();
  const added = await history.append([new HumanMessage("hi!"), new AIMessage("whats up?")]);
  expect(added).toHaveLength(2);
  await Promise.all([history.addUserMessage("1"), history.addUserMessage("2")]);
  await history.delete([added[0].id]);
  expect(await history.count()).toBe(3);
});

test("messages of Jest's realm keep their values", async () => {
  const history = open();
  const additional_kwargs = { bytes: new Uint8Array([1, 2]), at: new Date(5), big: 5n, set: new Set(["a"]) };
  await history.addMessage(new HumanMessage({ content: "hi!", additional_kwargs }));
  expect((await history.getMessages())[0].additional_kwargs).toEqual(additional_kwargs);
});
