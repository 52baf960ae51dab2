import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import util from "node:util";
import { createContext, runInContext } from "node:vm";
import { errors, types } from "cassandra-driver";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  isAlreadyExists,
  isConnectionBusy,
  isIgnoredNode,
  isInternal,
  isInvalidRequest,
  isPermanent,
  isTableIdMismatch,
  isTableMissing,
  isTooLarge,
  isTransient,
  isUnauthorized,
  isWriteLevelRefused,
  mayBeChangedTable,
} from "../../src/errors/driver-errors.ts";
import { describeMissingPermission, explainFailure, nameFailure, shownCause } from "../../src/errors/explanations.ts";

const codes = types.responseErrorCodes;
const response = (code: number, text = "refused"): Error => new errors.ResponseError(code, text);
const invalid = (text: string): Error => response(codes.invalid, text);
const allNodes = (...inner: unknown[]): Error =>
  new errors.NoHostAvailableError(Object.fromEntries(inner.map((one, at) => [`10.0.0.${at}:9042`, one])));
const socketError = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET", isSocketError: true });
const timedOut = new errors.OperationTimedOutError("no answer within 12000 ms");
const login = new errors.AuthenticationError("Provided username app and/or password are incorrect");
const unauthorized = response(
  codes.unauthorized,
  "User app has no SELECT permission on <table app.t> or any of its parents",
);

const typeError = new TypeError("Expected Number, obtained 'the text'");
const noErrors: unknown[] = [undefined, null, "x", { code: codes.invalid }, new Error("plain")];

test.each([
  ["isInvalidRequest", isInvalidRequest, [invalid("any")]],
  ["isUnauthorized", isUnauthorized, [unauthorized]],
  ["isAlreadyExists", isAlreadyExists, [response(codes.alreadyExists)]],
  [
    "isTableIdMismatch",
    isTableIdMismatch,
    [response(codes.serverError, "ConfigurationException: Table ID mismatch (found 1; expected 2)")],
  ],
  ["isInternal", isInternal, [response(codes.serverError, "java.lang.IllegalArgumentException: Unknown CF 1")]],
  [
    "isTableMissing",
    isTableMissing,
    [
      invalid("unconfigured table message_store"),
      invalid("table message_store does not exist"),
      allNodes(new Error("away"), response(codes.unprepared)),
    ],
  ],
  [
    "isTooLarge",
    isTooLarge,
    [invalid("Rejected an oversized mutation (2/1)"), invalid("Request is too big: length 2 exceeds")],
  ],
  [
    "isWriteLevelRefused",
    isWriteLevelRefused,
    [invalid("Provided value ONE is not allowed for Write Consistency Level")],
  ],
  ["isIgnoredNode", isIgnoredNode, [allNodes(), new errors.NoHostAvailableError(null as never)]],
  [
    "isTransient",
    isTransient,
    [
      response(codes.unavailableException),
      response(codes.serverError),
      socketError,
      timedOut,
      allNodes(),
      allNodes(timedOut),
    ],
  ],
])("%s is true of its own errors alone", (_, is, known) => {
  for (const error of known) expect(is(error)).toBe(true);
  const others = [
    ...noErrors,
    response(codes.syntaxError),
    response(codes.configError),
    invalid("Undefined column name"),
    login,
  ];
  for (const error of others) expect(is(error)).toBe(is === isInvalidRequest && isCode(error, codes.invalid));
});

test("isPermanent is true of every answer with which the server refuses for good", () => {
  const refusals = [response(0x2000), invalid("any"), unauthorized, response(codes.alreadyExists)];
  expect(refusals.map(isPermanent)).toEqual(refusals.map(() => true));
  const others = [response(0x1fff), response(codes.serverError), response(codes.unavailableException), socketError];
  for (const error of [...others, timedOut, login, allNodes(unauthorized), ...noErrors]) {
    expect(isPermanent(error)).toBe(false);
  }
});

function isCode(error: unknown, code: number): boolean {
  return error instanceof errors.ResponseError && error.code === code;
}

test.each([
  [isTableMissing, "unconfigured table t"],
  [isTooLarge, "request is too big"],
  [isWriteLevelRefused, "not allowed for write consistency level"],
])("%o matches a text only in an answer with the code of an invalid request", (is, text) => {
  expect(is(invalid(text))).toBe(true);
  expect([response(codes.serverError, text), new Error(text), text].map(is)).toEqual([false, false, false]);
});

test("isTableIdMismatch matches the text of an Error, and of no other object", () => {
  expect(isTableIdMismatch(new Error("table id mismatch"))).toBe(true);
  expect(isTableIdMismatch({ message: "table id mismatch" })).toBe(false);
});

test("isIgnoredNode is false of a node that gave a reason", () => {
  expect(isIgnoredNode(allNodes(timedOut))).toBe(false);
});

test("isTableMissing is false where no node has lost its prepared statement", () => {
  expect(isTableMissing(allNodes(timedOut))).toBe(false);
});

test("what may come of a changed table", () => {
  const changed = [
    invalid("unconfigured table t"),
    invalid("Undefined column name message in table app.t"),
    invalid("Invalid type for session_id"),
    invalid("UUID should be 16 or 0 bytes (36)"),
    allNodes(response(codes.unprepared)),
    response(codes.serverError, "java.lang.IllegalArgumentException: Unknown CF 0b2f6400-c9ad-11f0-8000-010203040506"),
    typeError,
    new SyntaxError("Cannot convert the text to a BigInt"),
    new Error("interior hyphen"),
    new Error('number format error: interior "-" character: the-text'),
  ];
  expect(changed.map(mayBeChangedTable)).toEqual(changed.map(() => true));
  const others = [
    invalid("Request is too big"),
    invalid("Rejected an oversized mutation (2/1)"),
    invalid("ANY ConsistencyLevel is only supported for writes"),
    invalid("Provided value ONE is not allowed for Write Consistency Level"),
    invalid("SERIAL is not supported: serializable"),
    invalid("A TTL must be greater or equal to 0, but was -1"),
    invalid("Request exceeds maximum supported expiration date of 2038-01-19T03:14:06+00:00"),
    response(codes.syntaxError),
    response(codes.serverError),
    unauthorized,
    login,
    timedOut,
    socketError,
    allNodes(timedOut),
    ...noErrors,
  ];
  expect(others.map(mayBeChangedTable)).toEqual(others.map(() => false));
});

test("a driver's error is the cause, unless it names the client's user or quotes what was written", () => {
  for (const error of [login, unauthorized, typeError, allNodes(timedOut, login), allNodes(unauthorized)]) {
    expect(shownCause(error)).toBeUndefined();
  }
  for (const error of [timedOut, allNodes(timedOut), invalid("any")]) expect(shownCause(error)).toBe(error);
});

test.each([
  [invalid("any"), "ResponseError 0x2200"],
  [response(codes.unavailableException), "ResponseError 0x1000"],
  [timedOut, "OperationTimedOutError"],
  [socketError, "Error"],
  [allNodes(), "NoHostAvailableError"],
  ["x", "string"],
  [undefined, "undefined"],
])("nameFailure names an error without its text: %o", (error, name) => {
  expect(nameFailure(error)).toBe(name);
});

describe("explainFailure says what an error means", () => {
  const refusedLogin =
    "The cluster refused the login: the client's credentials are wrong, or missing where the cluster asks for them";
  const shutDown = "The client was shut down: use one that is open";
  const tooFew = "Too few replicas are up for the consistency, which is the client's own or that of `readOptions`";
  const level = "The server refuses this consistency: set another by `consistency` in `readOptions`";

  test.each([
    [login, refusedLogin],
    [allNodes(timedOut, login), refusedLogin],
    [unauthorized, "The client's role lacks the permission SELECT on table app.t: have it granted"],
    [invalid("ANY ConsistencyLevel is only supported for writes"), level],
    [invalid("SERIAL is not supported: serializable"), level],
    [response(codes.unavailableException, "Not enough replicas"), tooFew],
    [allNodes(timedOut, response(codes.unavailableException)), tooFew],
    [allNodes(timedOut), "No node could take the request; see the driver's error in `cause`"],
    [response(codes.serverError, "consistency"), "See the driver's error in `cause`"],
    [timedOut, "See the driver's error in `cause`"],
    [typeError, "The driver could not encode a value as the type that it takes the column for"],
    [new errors.NoHostAvailableError(null as never, "Connecting after shutdown is not supported"), shutDown],
    ["x", "See the driver's error in `cause`"],
  ])("%s", (error, text) => {
    expect(explainFailure(error, "readOptions")).toBe(text);
  });

  test("explainFailure names the options that it is given", () => {
    expect(explainFailure(invalid("consistency"), "readOptions", "writeOptions")).toContain(
      "set another by `consistency` in `readOptions` or `writeOptions`",
    );
  });
});

test.each([
  [
    "User app has no SELECT permission on <table app.message_store> or any of its parents",
    " the permission SELECT on table app.message_store",
  ],
  ["User app has no CREATE permission on <all tables in app>", " the permission CREATE on all tables in app"],
  ["User app has no MODIFY permission on keyspace app or any of its parents", " the permission MODIFY on keyspace app"],
  ["You shall not pass", " a permission"],
])("describeMissingPermission reads the permission out of: %s", (text, missing) => {
  expect(describeMissingPermission(response(codes.unauthorized, text))).toBe(`The client's role lacks${missing}`);
});

/** What the library tells of an error. */
function told(error: unknown): unknown {
  const is = [
    isAlreadyExists,
    isConnectionBusy,
    isIgnoredNode,
    isInternal,
    isInvalidRequest,
    isPermanent,
    isTableIdMismatch,
    isTableMissing,
    isTooLarge,
    isTransient,
    isUnauthorized,
    isWriteLevelRefused,
    mayBeChangedTable,
  ];
  return {
    is: is.map((predicate) => predicate(error)),
    name: nameFailure(error),
    explained: explainFailure(error, "queryOptions"),
    isShown: shownCause(error) !== undefined,
    permission: describeMissingPermission(error),
  };
}

/** One error of each kind, made with these classes. */
function oneOfEach(from: typeof errors): Error[] {
  const ofServer = Object.values(codes).map(
    (code) => new from.ResponseError(Number(code), "no SELECT permission on <table app.t>"),
  );
  const inner = [
    new from.AuthenticationError("Provided username app and/or password are incorrect"),
    new from.BusyConnectionError("10.0.0.1:9042", 1, 1),
    new from.OperationTimedOutError("no answer"),
    new from.DriverInternalError("oh"),
    ...ofServer,
  ];
  const outer = inner.map((error) => new from.NoHostAvailableError({ "10.0.0.1:9042": error }));
  return [...inner, ...outer, new from.NoHostAvailableError(null as never)];
}

test("an error tells the same whatever its class is called", () => {
  const before = oneOfEach(errors).map(told);
  const classes = Object.values(errors).filter((one) => typeof one === "function");
  const names = classes.map((one) => Object.getOwnPropertyDescriptor(one, "name"));
  onTestFinished(() => {
    for (const [at, one] of classes.entries()) Object.defineProperty(one, "name", names[at] ?? {});
  });
  for (const one of classes) Object.defineProperty(one, "name", { value: "e" });
  const renamed = oneOfEach(errors);
  expect(new Set(renamed.map(({ name }) => name))).toEqual(new Set(["e"]));
  expect(renamed.map(told)).toEqual(before);
});

test("an error tells the same from another copy of the driver, and from another realm", () => {
  const require = createRequire(import.meta.url);
  const file = require.resolve("cassandra-driver/lib/errors.js");
  const source = readFileSync(file, "utf8");
  const context = createContext({
    module: { exports: {} },
    require: (id: string) => (id === "util" ? util : undefined),
  });
  runInContext(`(function (exports) { ${source} })(module.exports)`, context);
  const other = context["module"].exports as typeof errors;
  const made = oneOfEach(other);
  expect(made.some((error) => error instanceof Error)).toBe(false);
  expect(made.map(told)).toEqual(oneOfEach(errors).map(told));
  expect(told(runInContext("new TypeError('x')", context))).toEqual(told(new TypeError("x")));
});
