import { inspect } from "node:util";
import { errors, types } from "cassandra-driver";
import { describe, expect, test } from "vitest";
import { addFailed, editFailed, readFailed, setupFailed, tableChanged } from "../../src/errors/failures.ts";
import { CassandraHistoryError } from "../../src/errors/history-error.ts";
import { notFound } from "../../src/errors/refusals.ts";
import { tableMissing } from "../../src/errors/setup-errors.ts";

const { invalid, unauthorized } = types.responseErrorCodes;
const timedOut = new errors.OperationTimedOutError("10.0.0.1 did not answer");
const refused = new errors.ResponseError(
  unauthorized,
  "User app has no SELECT permission on <table app.t> or any of its parents",
);
const tooBig = new errors.ResponseError(
  invalid,
  "Request is too big: length 17000000 exceeds maximum allowed length 16777216.",
);
const oversized = new errors.ResponseError(
  invalid,
  "Rejected an oversized mutation (17000000/16777216) for keyspace: app",
);
const level = new errors.ResponseError(invalid, "Provided value ONE is not allowed for Write Consistency Level");

const seen = (error: unknown): object => {
  if (!(error instanceof CassandraHistoryError)) throw new Error("a CassandraHistoryError", { cause: error });
  return { ...error, message: error.message, ...("cause" in error && { cause: error.cause }) };
};
const expected = (code: string, message: string, details: object): object => ({
  name: "CassandraHistoryError",
  code,
  message,
  ...details,
});

test("a failed read is READ_FAILED, and says that reading again is safe", () => {
  expect(seen(readFailed(timedOut))).toStrictEqual(
    expected(
      "READ_FAILED",
      "Reading the messages failed (OperationTimedOutError). See the driver's error in `cause`; reading again is safe.",
      { cause: timedOut },
    ),
  );
});

test("a failed setup leaves out a driver's error that names the user", () => {
  expect(seen(setupFailed(refused))).toStrictEqual(
    expected(
      "SETUP_FAILED",
      "Setting up the table failed (ResponseError 0x2100). The client's role lacks the permission SELECT on table app.t: " +
        "have it granted. Nothing of the call was sent; the next call tries again.",
      {},
    ),
  );
});

const missing = tableMissing({ keyspace: "app", table: "t", createStatement: "CREATE …" });

test("a table that was changed while it was in use is SETUP_FAILED, and does not say that nothing was sent", () => {
  const sentence =
    "It was changed while it was in use: what the server refused took no effect. The next call looks again.";
  expect(seen(tableChanged(missing))).toStrictEqual(
    expected(
      "SETUP_FAILED",
      `Table "app"."t" does not exist, and createTable is false. ${sentence} Create it with:\nCREATE …`,
      {},
    ),
  );
  const timeout = setupFailed(timedOut);
  expect(seen(tableChanged(timeout))).toMatchObject({ code: "SETUP_FAILED", cause: timedOut });
});

test("an error of the driver that quotes what was written is no cause", () => {
  const quoting = new TypeError("Expected Number, obtained 'said-in-confidence'");
  const failures = [
    readFailed(quoting),
    setupFailed(quoting),
    editFailed(quoting),
    addFailed(quoting, { ids: ["a"], written: [], largest: 1 }),
  ];
  for (const error of failures)
    expect([error.cause, inspect(error)]).toEqual([undefined, expect.not.stringContaining("said")]);
});

describe("a write", () => {
  const write = { ids: ["a", "b"], written: ["a"], largest: 17_000_000 };

  test("that is stored in part is WRITE_FAILED, however the rest failed", () => {
    for (const cause of [timedOut, tooBig, level]) {
      expect(seen(addFailed(cause, write))).toMatchObject({
        code: "WRITE_FAILED",
        cause,
        ids: ["a", "b"],
        written: ["a"],
      });
    }
    expect(seen(addFailed(timedOut, write))).toStrictEqual(
      expected(
        "WRITE_FAILED",
        "Writing 2 message(s) failed (OperationTimedOutError). Known to be stored: 1; the others may or may not be. See the " +
          "driver's error in `cause`; to try again without storing a message twice, pass the error's `ids` to append.",
        { cause: timedOut, ids: ["a", "b"], written: ["a"] },
      ),
    );
  });

  test("that is stored in part when the table is found to be missing is WRITE_FAILED", () => {
    expect(seen(addFailed(missing, write))).toStrictEqual(
      expected(
        "WRITE_FAILED",
        "Writing 2 message(s) failed (SETUP_FAILED). Known to be stored: 1; the others may or may not be. To try again without " +
          `storing a message twice, pass the error's \`ids\` to append. ${missing.message}`,
        { cause: missing, ids: ["a", "b"], written: ["a"] },
      ),
    );
  });

  test("at a refused consistency says that nothing was written, as an edit does", () => {
    const error = expected(
      "WRITE_FAILED",
      "The server takes no write at this consistency (ResponseError 0x2200; Astra DB takes none at ANY, ONE or LOCAL_ONE). " +
        "Nothing was written. Set `consistency: types.consistencies.localQuorum`, of cassandra-driver, in `writeOptions` or " +
        "in the client's `queryOptions`.",
      { cause: level, ids: ["a", "b"], written: [] },
    );
    expect(seen(addFailed(level, { ...write, written: [] }))).toStrictEqual(error);
    expect(seen(editFailed(level, ["a", "b"]))).toStrictEqual(error);
  });

  test.each([
    [tooBig, "at most 16777216 bytes"],
    [oversized, "at most 16777216 bytes"],
    [new errors.ResponseError(invalid, "Request is too big"), "less"],
  ])("that is too large names the limit, as an edit does: %s", (cause, limit) => {
    const error = expected(
      "MESSAGE_TOO_LARGE",
      `Too large for the server, which takes ${limit} in one write (16 MiB by default): the largest message of the call has ` +
        "17000000 bytes. Nothing of the call was written. Store what is large elsewhere, and a reference to it in the message.",
      { cause, ids: ["a", "b"], written: [] },
    );
    expect(seen(addFailed(cause, { ...write, written: [] }))).toStrictEqual(error);
    expect(seen(editFailed(cause, ["a", "b"], 17_000_000))).toStrictEqual(error);
  });
});

test("a failed edit is WRITE_FAILED, and says that it may have taken effect", () => {
  const text =
    "The change failed (OperationTimedOutError): it may or may not have taken effect. See the driver's error in `cause`; the " +
    "same call can be made again.";
  expect(seen(editFailed(timedOut))).toStrictEqual(
    expected("WRITE_FAILED", text, { cause: timedOut, ids: [], written: [] }),
  );
  expect(seen(editFailed(timedOut, ["a"]))).toMatchObject({ ids: ["a"], written: [] });
  expect(seen(editFailed(tooBig))).toMatchObject({ message: expect.stringContaining("has 0 bytes") });
});

test("NOT_FOUND names the session and the id", () => {
  expect(seen(notFound('a "session"', "an id"))).toStrictEqual(
    expected(
      "NOT_FOUND",
      'Expected an entry an id in session "a \\"session\\"", found none: it was never there, was deleted or has expired.',
      { sessionId: 'a "session"', id: "an id" },
    ),
  );
});

test("a refused consistency names the option that sets it", () => {
  const none = new errors.ResponseError(invalid, "ANY ConsistencyLevel is only supported for writes");
  const write = { ids: [], written: [], largest: 0 };
  for (const [error, option] of [
    [readFailed(none), "`readOptions`"],
    [setupFailed(none), "`queryOptions`"],
    [addFailed(none, write), "`writeOptions`"],
    [editFailed(none), "`readOptions` or `writeOptions`"],
  ]) {
    expect(error).toMatchObject({ cause: none });
    expect(String(error)).toContain(`set another by \`consistency\` in ${option}`);
  }
});

test("an error of the library's own passes unchanged", () => {
  const own = notFound("s", "an id");
  const passed = [
    readFailed(own),
    setupFailed(own),
    editFailed(own),
    addFailed(own, { ids: [], written: [], largest: 0 }),
  ];
  for (const error of passed) expect(error).toBe(own);
});

test("an error without details has no field beside its code", () => {
  expect(seen(new CassandraHistoryError("READ_FAILED", "text"))).toStrictEqual(expected("READ_FAILED", "text", {}));
});
