import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { HumanMessage } from "@langchain/core/messages";
import { expect, test } from "vitest";
import { bundleProgram } from "../support/bundle.ts";
import { idFromNow } from "../support/ids.ts";
import { numbered, texts } from "../support/messages.ts";
import { humanRow, writeRow } from "../support/rows.ts";
import { clusterArguments, openClient, openHistory, ownKeyspace } from "../support/session.ts";
import { MINUTE, SECOND, writeTime } from "../support/time.ts";

const run = promisify(execFile);
const client = openClient();
const other = openClient();
const keyspace = ownKeyspace(client);
const MESSAGES_EACH = 125;
const TEN_MINUTES = 10 * MINUTE;

function runWriter(program: string, sessionId: string, name: string, offset: number, times: number): Promise<unknown> {
  return run(process.execPath, [
    program,
    ...clusterArguments(),
    keyspace,
    sessionId,
    name,
    String(offset),
    String(times),
  ]);
}

test("of 8 writer processes, two with clocks 10 minutes off, nothing is lost and every reply comes after what it answers", async () => {
  const history = openHistory({ client, keyspace, sessionId: "eight writers" });
  await history.setup();
  const offsets = [0, TEN_MINUTES, 0, 0, -TEN_MINUTES, 0, 0, 0];
  const program = await bundleProgram("writer");
  await Promise.all(
    offsets.map((offset, at) => runWriter(program, history.sessionId, `w${at}`, offset, MESSAGES_EACH)),
  );
  const messages = texts(await history.getMessages()).map((text): { me: string; answers?: string } => JSON.parse(text));
  const order = messages.map(({ me }) => me);
  expect(order).toHaveLength(offsets.length * MESSAGES_EACH);
  expect(new Set(order).size).toBe(order.length);
  const place = new Map(order.map((me, at) => [me, at]));
  for (const { me, answers } of messages) {
    if (answers !== undefined) expect(place.get(me)).toBeGreaterThan(place.get(answers) ?? Number.NaN);
  }
  // Each writer's own messages are in its own order, too.
  for (const at of offsets.keys()) {
    const own = order.filter((me) => me.startsWith(`w${at}:`)).map((me) => Number(me.split(":")[1]));
    expect(own).toEqual([...own].sort((a, b) => a - b));
  }
});

test("an add through one client right after a clear through another survives, 10,000 times of 10,000", async () => {
  let survived = 0;
  const oneSession = async (sessionId: string): Promise<void> => {
    const [clearing, adding] = [
      openHistory({ client, keyspace, sessionId }),
      openHistory({ client: other, keyspace, sessionId }),
    ];
    for (let round = 0; round < 1000; round += 1) {
      await clearing.clear();
      await adding.addUserMessage(`round ${round}`);
      const [message, ...more] = await clearing.getMessages();
      if (message?.text === `round ${round}` && more.length === 0) survived += 1;
    }
  };
  await Promise.all(Array.from({ length: 10 }, (_, session) => oneSession(`cleared ${session}`)));
  expect(survived).toBe(10_000);
});

test("20,000 parallel adds on one client all succeed, in order for each history", async () => {
  const histories = Array.from({ length: 20_000 }, (_, at) =>
    openHistory({ client, keyspace, sessionId: `parallel ${at % 20}` }),
  );
  await Promise.all(histories.map((history, at) => history.addUserMessage(`message ${Math.floor(at / 20)}`)));
  for (const history of histories.slice(0, 20))
    expect(texts(await history.getMessages())).toEqual(texts(numbered(1000)));
});

test("a row from a clock ahead moves the ids of its own session only", async () => {
  const [skewed, plain] = [openHistory({ client, keyspace }), openHistory({ client, keyspace })];
  await skewed.setup();
  await writeRow(client, {
    keyspace,
    sessionId: skewed.sessionId,
    id: idFromNow(TEN_MINUTES),
    message: humanRow("from the future"),
    timestamp: writeTime(TEN_MINUTES),
  });
  await skewed.getMessages();
  const [[after], [normal]] = [
    await skewed.append([new HumanMessage("reply")]),
    await plain.append([new HumanMessage("hi")]),
  ];
  expect(after?.createdAt.getTime()).toBeGreaterThan(Date.now() + TEN_MINUTES - MINUTE);
  expect(normal?.createdAt.getTime()).toBeLessThanOrEqual(Date.now());
  expect(texts(await skewed.getMessages())).toEqual(["from the future", "reply"]);
  const [[later], [elsewhere]] = [
    await openHistory({ client, keyspace, sessionId: skewed.sessionId }).append([new HumanMessage("another's")]),
    await openHistory({ client, keyspace, sessionId: skewed.sessionId, table: "elsewhere" }).append(numbered(1)),
  ];
  expect(texts(await skewed.getMessages())).toEqual(["from the future", "reply", "another's"]);
  expect(later?.createdAt.getTime()).toBeGreaterThanOrEqual(after?.createdAt.getTime() ?? Number.NaN);
  expect(elsewhere?.createdAt.getTime()).toBeLessThanOrEqual(Date.now());
  const written = await client.execute(
    `SELECT WRITETIME(message) AS at FROM ${keyspace}.message_store WHERE session_id = ? AND message_id = ?`,
    [skewed.sessionId, after?.id],
    { prepare: true },
  );
  expect(Number(written.first()["at"])).toBeLessThanOrEqual(writeTime(SECOND));
});
