import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, inject, test } from "vitest";
import { codeBlocks, readPage } from "../support/documentation.ts";
import { runExample } from "../support/examples.ts";
import { openClient } from "../support/session.ts";

const run = promisify(execFile);
const client = openClient();

test("the first use prints what the README says that it prints, and a second process reads it again", async () => {
  await client.execute("DROP KEYSPACE IF EXISTS app");
  expect(await runExample("first-use.ts")).toBe("human: hi!\nai: whats up?\n");
  expect(await runExample("read-again.ts")).toBe("human: hi!\nai: whats up?\n");
});

test.each(["chain.ts", "memory.ts", "runnable-with-message-history.ts"])("%s holds a conversation", async (name) => {
  expect(await runExample(name)).toBe("whats up?\nYou said hi!\n4 messages are stored.\n");
});

test.each([
  ["edit-and-page.ts", "[ 'hello', 'bye' ]\n[ 'hi!' ]\ntrue human hi!\ntrue ai hello\n2 3\n"],
  ["options.ts", "It will be forgotten.\n"],
  ["order.ts", "1000 true\n[ 'after the clear' ]\n"],
  ["production.ts", "1 message is stored.\n"],
  ["share-with-python.ts", "human: Hello from JavaScript.\n"],
])("%s prints what it says", async (name, output) => {
  expect(await runExample(name)).toBe(output);
});

test("errors.ts shows a refused argument, and stores a turn once", async () => {
  expect((await runExample("errors.ts")).split("\n")).toEqual([
    expect.stringMatching(/^INVALID_OPTION Invalid option "maxMessages": expected .*, got 0/),
    "2 messages are stored.",
    "",
  ]);
});

test("stored-row.ts shows a row, which docs/storage-format.md shows as well", async () => {
  const [row = "", read] = (await runExample("stored-row.ts")).split("\n");
  expect(JSON.parse(row)).toMatchObject({ type: "ai", data: { id: "msg_1", content: "whats up?" } });
  const shown = codeBlocks(readPage("docs/storage-format.md")).find(({ language }) => language === "json");
  expect(JSON.parse(shown?.code ?? "")).toEqual(JSON.parse(row));
  expect(read).toBe("msg_1 true");
});

test("application.test.ts passes as a test of an application, in memory and in Cassandra", async () => {
  expect(await runExample("application.test.ts")).toMatch(/^# pass 2\n# fail 0$/m);
});

test("the quick start holds the conversation, and reads it again from another process", async () => {
  await client.execute("DROP KEYSPACE IF EXISTS app");
  const { stdout } = await run("npm", ["run", "--silent", "quickstart"], {
    env: { ...process.env, CASSANDRA_CONTACT_POINTS: inject("contactPoints").join(",") },
  });
  expect(stdout.match(/ human: hi!\n +ai: whats up\?\n/g)).toHaveLength(2);
});
