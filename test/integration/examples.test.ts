import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { expect, inject, test } from "vitest";
import { expectExcerpt, runExample } from "../support/examples.ts";
import { openClient } from "../support/session.ts";

const run = promisify(execFile);
const client = openClient();

test("the first use says what the README says, and a second process reads it again", async () => {
  await client.execute("DROP KEYSPACE IF EXISTS app");
  expect(await runExample("first-use.ts")).toBe("human: hi!\nai: whats up?\n");
  expect(await runExample("read-again.ts")).toBe("human: hi!\nai: whats up?\n");
});

test.each(["chain.ts", "memory.ts", "runnable-with-message-history.ts"])("%s holds a conversation", async (name) => {
  expect(await runExample(name)).toBe("whats up?\nYou said hi!\n4 messages are stored.\n");
});

const PARTS = ["astra", "chain", "memory", "runnable-with-message-history", "web-server"];

test("every excerpt in the README shows lines of the example that it names, in their order", async () => {
  const readme = await readFile("README.md", "utf8");
  const blocks = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, block = ""]) => block);
  const excerpts = blocks.flatMap((block) => [
    ...block.matchAll(/^\/\/ (examples\/.+)\n((?:(?!\/\/ examples).*\n)+)/gm),
  ]);
  const named = excerpts.map(([, file]) => file);
  expect(named).toEqual(expect.arrayContaining(PARTS.map((name) => `examples/${name}.ts`)));
  for (const [, file = "", lines = ""] of excerpts) await expectExcerpt(lines, file.replace("examples/", ""));
});

test("the README shows the first use word for word", async () => {
  const [readme, program] = await Promise.all([
    readFile("README.md", "utf8"),
    readFile("examples/first-use.ts", "utf8"),
  ]);
  expect(readme).toContain(`\`\`\`ts\n${program}\`\`\`\n`);
});

test("the quick start holds the conversation, and reads it again from another process", async () => {
  await client.execute("DROP KEYSPACE IF EXISTS app");
  const { stdout } = await run("npm", ["run", "--silent", "quickstart"], {
    env: { ...process.env, CASSANDRA_CONTACT_POINTS: inject("contactPoints").join(",") },
  });
  expect(stdout.match(/ human: hi!\n +ai: whats up\?\n/g)).toHaveLength(2);
});
