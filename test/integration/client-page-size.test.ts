import { expect, test } from "vitest";
import { failureOf } from "../support/failure.ts";
import { numbered, texts } from "../support/messages.ts";
import { openClient, openHistory, ownKeyspace } from "../support/session.ts";

const client = openClient();
const keyspace = ownKeyspace(client);

test.each([1, 2, 8])("a client's own page size of %i keeps no table from being set up", async (fetchSize) => {
  const small = openClient({ queryOptions: { fetchSize } });
  const made = openHistory({ client: small, keyspace, table: `made_${fetchSize}` });
  await made.addMessages(numbered(3));
  expect(texts(await made.getMessages())).toEqual(texts(numbered(3)));

  const others = Array.from({ length: 40 }, (_, at) => `"a${at}" text`).join(", ");
  await client.execute(
    `CREATE TABLE "${keyspace}"."wide_${fetchSize}" (session_id text, message_id timeuuid, message text, ${others}, ` +
      "PRIMARY KEY (session_id, message_id))",
  );
  const found = openHistory({ client: small, keyspace, table: `wide_${fetchSize}` });
  await found.addMessages(numbered(3));
  expect(await found.count()).toBe(3);

  const misspelled = openHistory({ client: small, keyspace: keyspace.toUpperCase() });
  expect((await failureOf(misspelled.setup())).message).toContain(`Did you mean "${keyspace}"?`);
});
