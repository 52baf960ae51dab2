import { inspect } from "node:util";
import { HumanMessage } from "@langchain/core/messages";
import { Client, errors, types } from "cassandra-driver";
import { expect, test } from "vitest";
import { failureOf } from "../support/failure.ts";
import { UNKNOWN_ID } from "../support/ids.ts";
import { openClient, openHistory, ownKeyspace } from "../support/session.ts";
import { asksFor, breakableClient, watchClient } from "../support/watch.ts";

const client = openClient();
const keyspace = ownKeyspace(client);

test("every call on an unreachable cluster fails, says that nothing was sent, and shows no address", async () => {
  // Nothing listens on port 1 of loopback.
  const nowhere = new Client({ contactPoints: ["127.0.0.1:1"], localDataCenter: "datacenter1" });
  const history = openHistory({ client: nowhere, keyspace: "app" });
  const calls: Promise<unknown>[] = [
    history.setup(),
    history.getMessages(),
    history.count(),
    history.getPage({ limit: 1 }),
    history.entries().next(),
    history.fork("another"),
    history.append([new HumanMessage("the-message")]),
    history.clear(),
    history.delete([UNKNOWN_ID]),
  ];
  for (const error of await Promise.all(calls.map(failureOf))) {
    expect([error.code, error.cause instanceof Error]).toEqual(["SETUP_FAILED", true]);
    expect(error.message).toContain("Nothing of the call was sent");
    expect(error.message).not.toMatch(/127\.0\.0\.1|the-message/);
  }
  await nowhere.shutdown();
});

test("a signal that throws when it is listened to is a wrong argument, and its error is not shown", async () => {
  const fail = (): never => {
    throw new Error("secret text");
  };
  const signal = Object.assign(new AbortController().signal, { addEventListener: fail });
  const history = openHistory({ client, keyspace });
  const calls: (() => Promise<unknown>)[] = [
    () => history.getMessages({ signal }),
    () => history.count({ signal }),
    () => history.entries({ signal }).next(),
    () => history.append([new HumanMessage("hi")], { signal }),
    () => history.update(UNKNOWN_ID, new HumanMessage("hi"), { signal }),
    () => history.delete([UNKNOWN_ID], { signal }),
    () => history.clear({ signal }),
    () => history.fork("another", { signal }),
  ];
  for (const call of calls) {
    const error = await failureOf(call());
    expect(error.code).toBe("INVALID_OPTION");
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain("secret");
  }
  expect(await history.getMessages()).toEqual([]);
});

// The first text is Astra DB's, the second one that of Cassandra's guardrail.
test.each([
  "Provided value LOCAL_ONE is not allowed for Write Consistency Level (disallowed values are: [ANY, ONE, LOCAL_ONE])",
  "Guardrail write_consistency_levels violated: Provided values [ONE] are not allowed for write consistency levels",
])("a refused consistency fails a write with what to set, and nothing is written: %s", async (text) => {
  const { watched } = watchClient(client, (request, send) =>
    asksFor(request, /^(INSERT|DELETE)/)
      ? Promise.reject(new errors.ResponseError(types.responseErrorCodes.invalid, text))
      : send(),
  );
  const history = openHistory({ client: watched, keyspace });
  for (const error of await Promise.all([history.addUserMessage("hi"), history.clear()].map(failureOf))) {
    expect([error.code, error.written]).toEqual(["WRITE_FAILED", []]);
    expect(error.message).toMatch(/Nothing was written\..*localQuorum.*writeOptions/);
  }
});

test("a fork fails with READ_FAILED or WRITE_FAILED, whichever part failed", async () => {
  const { breakable, failOn } = breakableClient(client);
  const history = openHistory({ client: breakable, keyspace });
  await history.addUserMessage("hi");
  failOn(/^SELECT .* ORDER BY/);
  expect((await failureOf(history.fork("one"))).code).toBe("READ_FAILED");
  failOn(/^INSERT/);
  expect((await failureOf(history.fork("two"))).code).toBe("WRITE_FAILED");
  failOn();
  expect(await (await history.fork("three")).count()).toBe(1);
});

test("an error that onCorruptRow throws passes unchanged", async () => {
  const mine = new Error("mine");
  const codec = {
    encode: () => "x",
    decode: () => {
      throw new Error("no");
    },
  };
  const onCorruptRow = (): never => {
    throw mine;
  };
  const history = openHistory({ client, keyspace, codec, onCorruptRow });
  await history.addUserMessage("hi");
  const calls = [history.getMessages(), history.getPage({ limit: 1 }), history.fork("four")];
  for (const outcome of await Promise.allSettled(calls)) expect(outcome).toMatchObject({ reason: mine });
});
