import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { BaseListChatMessageHistory } from "@langchain/core/chat_history";
import { AIMessage, type BaseMessage, HumanMessage, SystemMessage, ToolMessage } from "@langchain/core/messages";
import { beforeAll, expect, inject, onTestFinished, test, vi } from "vitest";
import { CassandraChatMessageHistory } from "../../src/index.ts";
import { closeCommunityHistory, loadCommunityHistory } from "../support/community.ts";
import { numbered, texts } from "../support/messages.ts";
import { clusterEnvironment, openClient, openHistory, ownKeyspace } from "../support/session.ts";

const run = promisify(execFile);
const client = openClient();
const keyspace = ownKeyspace(client);
const OLD_TABLE = "message_history";
const cluster = { contactPoints: [...inject("contactPoints")], localDataCenter: inject("localDataCenter") };
let History: Awaited<ReturnType<typeof loadCommunityHistory>>;

beforeAll(async () => {
  History = await loadCommunityHistory();
});

function openCommunity(sessionId: string): BaseListChatMessageHistory {
  const history = new History({ ...cluster, keyspace, table: OLD_TABLE, sessionId });
  onTestFinished(() => closeCommunityHistory(history));
  return history;
}

/** Writes one message a millisecond: of two in the same millisecond, that class keeps one. */
async function writeOld(history: BaseListChatMessageHistory, messages: BaseMessage[], start: number): Promise<void> {
  let now = start;
  const clock = vi.spyOn(Date, "now").mockImplementation(() => now);
  for (const message of messages) {
    now += 1;
    await history.addMessage(message);
  }
  clock.mockRestore();
}

async function copy(): Promise<string> {
  const env = { ...clusterEnvironment(), KEYSPACE: keyspace, OLD_TABLE };
  return (await run(process.execPath, ["--import", "tsx", "examples/copy-from-community.ts"], { env })).stdout;
}

const every: BaseMessage[] = [
  new SystemMessage("be brief"),
  new HumanMessage({ contentBlocks: [{ type: "text", text: "look" }] }),
  new AIMessage({
    content: "",
    id: "a1",
    tool_calls: [{ name: "look", args: { lc: 1 }, id: "c1", type: "tool_call" }],
  }),
  new ToolMessage({ content: "a cat", tool_call_id: "c1", status: "error" }),
  new AIMessage("A cat."),
];

test("the example copies every message of @langchain/community with its date, and can be run again", async () => {
  const [small, large, gone] = ["small", "large", "gone"].map(openCommunity);
  const start = Date.now() - 100_000;
  if (!small || !large || !gone) throw new Error("three histories");
  await writeOld(small, every, start);
  await writeOld(large, numbered(601), start);
  await writeOld(gone, numbered(3), start);
  expect(await copy()).toBe("609 messages copied.\n");

  const history = openHistory({ client, keyspace, sessionId: "small" });
  const entries = (await history.getPage({ limit: 10 })).entries;
  expect(entries.map(({ message }) => message.constructor)).toEqual(every.map((message) => message.constructor));
  expect(entries.map(({ createdAt }) => createdAt.getTime() - start)).toEqual([1, 2, 3, 4, 5]);
  // That class itself reads the second message as empty.
  expect(texts(await small.getMessages())[1]).toBe("");
  expect(texts(entries.map(({ message }) => message))).toEqual(["be brief", "look", "", "a cat", "A cat."]);
  expect(entries[2]?.message).toMatchObject({ id: "a1", tool_calls: [{ name: "look", args: { lc: 1 }, id: "c1" }] });
  expect(entries[3]?.message).toMatchObject({ tool_call_id: "c1", status: "error" });
  const longer = openHistory({ client, keyspace, sessionId: "large" });
  expect(texts(await longer.getMessages())).toEqual(texts(numbered(601)));

  await history.addUserMessage("thanks");
  await history.update(String(entries[4]?.id), new AIMessage("Two cats."));
  await openHistory({ client, keyspace, sessionId: "gone" }).clear();
  expect(await copy()).toBe("609 messages copied.\n");
  expect(texts(await history.getMessages()).slice(3)).toEqual(["a cat", "Two cats.", "thanks"]);
  expect(await longer.count()).toBe(601);
  expect(await openHistory({ client, keyspace, sessionId: "gone" }).count()).toBe(0);
});

test("a table of @langchain/community is refused, as its milliseconds are no ids", async () => {
  const history = new CassandraChatMessageHistory({ client, keyspace, table: OLD_TABLE, sessionId: "small" });
  await expect(history.setup()).rejects.toMatchObject({
    code: "SETUP_FAILED",
    message: expect.stringContaining("message_ts timestamp (clustering)"),
  });
});
