import { setImmediate } from "node:timers/promises";
import { inspect } from "node:util";
import { HumanMessage, RemoveMessage } from "@langchain/core/messages";
import { types } from "cassandra-driver";
import { describe, expect, test } from "vitest";
import { jsonCodec } from "../../src/codec/json.ts";
import { copyRow, decodeRow, encodeRow } from "../../src/history/row-codec.ts";
import type { CorruptRowPolicy } from "../../src/options/history-options.ts";
import { errorThrownBy } from "../support/failure.ts";
import { UNKNOWN_ID } from "../support/ids.ts";

const id = UNKNOWN_ID;
const hello = new HumanMessage("hällo");
const text = '{"type":"human","data":{"content":"hällo"},"codec":1}';
const json = { sessionId: "s", codec: undefined };
const reader = (onCorruptRow: CorruptRowPolicy = "throw"): Parameters<typeof decodeRow>[1] => ({
  ...json,
  onCorruptRow,
});
const row = (message: string | null, ttl?: number | null): Parameters<typeof decodeRow>[0] => ({
  id: types.TimeUuid.fromString(id),
  message,
  ...(ttl !== undefined && { ttl }),
});

/** A codec whose text shows the context that it was given. */
const telling = {
  encode: (message: { readonly text: string }, at: object): string => `${message.text} ${JSON.stringify(at)}`,
  decode: (given: string, at: object): HumanMessage => new HumanMessage(`${given} ${JSON.stringify(at)}`),
};

describe("encoding", () => {
  test("a row counts the bytes of its text", () => {
    const bytes = Buffer.byteLength(text);
    expect(bytes).toBeGreaterThan(text.length);
    expect(encodeRow(hello, { position: 0, id, ttlSeconds: 5 }, json)).toStrictEqual({
      id,
      text,
      bytes,
      ttlSeconds: 5,
      message: hello,
    });
  });

  test("the codec is told the session and the id", () => {
    expect(encodeRow(hello, { position: 0, id }, { sessionId: "s", codec: telling }).text).toBe(
      `hällo {"sessionId":"s","id":"${id}"}`,
    );
  });

  test.each([
    [undefined, "expected a message of @langchain/core, got nothing"],
    [null, "expected a message of @langchain/core, got null"],
    ["hi", "expected a message of @langchain/core, got a string of 2 characters"],
    [{ _getType: "human" }, "expected a message of @langchain/core, got an object"],
    [
      new RemoveMessage({ id: "m" }),
      "a RemoveMessage cannot be stored; remove a message from the history with delete([id])",
    ],
  ])("what is no message is refused: %o", (message, why) => {
    const error = errorThrownBy(() => encodeRow(message, { position: 3, id }, json));
    expect([error.code, error.message, "cause" in error]).toEqual([
      "INVALID_MESSAGE",
      `Invalid message at position 3 of the call: ${why}. Nothing of the call was written.`,
      false,
    ]);
  });

  test("a codec that gives no string, or throws, is INVALID_MESSAGE", () => {
    const codec = { ...jsonCodec, encode: () => 5 as never };
    expect(errorThrownBy(() => encodeRow(hello, { position: 0, id }, { ...json, codec })).message).toBe(
      "Invalid message at position 0 of the call: expected the codec to encode this human message as a string, got a number. " +
        "Nothing of the call was written.",
    );
    const thrower = {
      ...jsonCodec,
      encode: () => {
        throw new Error("no key");
      },
    };
    const error = errorThrownBy(() => encodeRow(hello, { position: 0, id }, { ...json, codec: thrower }));
    expect([error.code, error.cause]).toEqual(["INVALID_MESSAGE", undefined]);
    expect(error.message).toBe(
      "Invalid message at position 0 of the call: this human message cannot be encoded. Nothing of the call was written.",
    );
    const quoting = { ...jsonCodec, encode: () => JSON.parse("secret words") };
    expect(
      errorThrownBy(() => encodeRow(hello, { position: 0, id }, { ...json, codec: quoting })).cause,
    ).toBeUndefined();
  });
});

describe("what throws inside a message", () => {
  const fail = (): never => {
    throw new Error("secret text");
  };
  const having = (key: PropertyKey, property: PropertyDescriptor): object =>
    Object.defineProperty(new HumanMessage("x"), key, { enumerable: true, configurable: true, ...property });
  const kwargs = (additional_kwargs: Record<string, unknown>): object =>
    new HumanMessage({ content: "x", additional_kwargs });

  test.each<[string, unknown]>([
    ["a getter of its type", having("type", { get: fail })],
    ["a getter of a field", having("content", { get: fail })],
    ["a getter of _getType", having("_getType", { get: fail })],
    ["a getter of getType", having("getType", { get: fail })],
    ["_getType", having("_getType", { value: fail })],
    ["getType", having("getType", { value: fail })],
    ["a type that is the secret text", having("type", { value: "secret text" })],
    ["a getType that gives the secret text", having("getType", { value: () => "secret text" })],
    ["a getType that gives the name of a method", having("getType", { value: () => "constructor" })],
    ["toJSON", kwargs({ a: { toJSON: fail } })],
    ["toJSON, with an error that looks like the codec's", kwargs({ a: { toJSON: () => JSON.parse("secret text") } })],
    ["a getter inside", kwargs({ a: Object.defineProperty({}, "b", { enumerable: true, get: fail }) })],
    ["a proxy inside", kwargs({ a: new Proxy({}, { ownKeys: fail, get: fail, getPrototypeOf: fail }) })],
    ["a proxy", new Proxy(new HumanMessage("x"), { get: fail })],
    ["a proxy of calls", having("tool_calls", { value: new Proxy([], { get: fail }) })],
    ["a getter of a call", having("tool_calls", { value: [Object.defineProperty({}, "id", { get: fail })] })],
    ["the name of a class", { constructor: { name: "secret text" } }],
    ["a getter of a class", Object.defineProperty({}, "constructor", { get: fail })],
  ])("is INVALID_MESSAGE, and is not shown: %s", (_, message) => {
    const error = errorThrownBy(() => encodeRow(message, { position: 0, id }, json));
    expect(error.code).toBe("INVALID_MESSAGE");
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain("secret");
  });

  test("what the library's own codec says is the cause", () => {
    const loop: Record<string, unknown> = {};
    loop["loop"] = loop;
    expect(errorThrownBy(() => encodeRow(kwargs(loop), { position: 0, id }, json)).cause).toEqual(
      new TypeError("Expected a value without cycles: one of its objects holds itself."),
    );
  });
});

describe("text that is not well-formed Unicode", () => {
  test.each(["\ud800", "x\udc00y", "\udc00\ud800", `${"ä".repeat(1000)}\udbff`])(
    "of a codec is refused: %j",
    (given) => {
      const codec = { ...jsonCodec, encode: () => given };
      const error = errorThrownBy(() => encodeRow(hello, { position: 2, id }, { ...json, codec }));
      expect([error.code, error.message]).toEqual([
        "INVALID_MESSAGE",
        "Invalid message at position 2 of the call: expected the codec to encode this human message as a string of well-formed " +
          "Unicode, got one with lone surrogates. Nothing of the call was written.",
      ]);
    },
  );

  test("of a message is stored, escaped, by the library's own codec", () => {
    const texts = ["\ud800", "\udc00\ud800", "x\udfffy", "😀"];
    const message = new HumanMessage({
      content: texts.join(" "),
      additional_kwargs: Object.fromEntries(texts.entries()),
    });
    message.name = "\udbff";
    Object.assign(message, { "\ud800": new Map([["\udc00", Number.NaN]]) });
    const { text: stored } = encodeRow(message, { position: 0, id }, json);
    expect(stored.isWellFormed()).toBe(true);
    expect(decodeRow(row(Buffer.from(stored).toString()), reader())).toMatchObject({
      content: message.content,
      name: "\udbff",
      additional_kwargs: message.additional_kwargs,
      "\ud800": new Map([["\udc00", Number.NaN]]),
    });
  });
});

describe("decoding", () => {
  test("the codec is told the session and the id", () => {
    expect(decodeRow(row(text), reader())?.content).toBe("hällo");
    expect(decodeRow(row("x"), { ...reader(), codec: telling })?.content).toBe(`x {"sessionId":"s","id":"${id}"}`);
    expect(decodeRow(row(null), { ...reader(), codec: telling })?.content).toBe(` {"sessionId":"s","id":"${id}"}`);
  });

  test("a corrupt row is named by its session and id, without its text", () => {
    const error = errorThrownBy(() => decodeRow(row("not JSON"), reader()));
    expect({ ...error, message: error.message, hasCause: "cause" in error }).toStrictEqual({
      name: "CassandraHistoryError",
      code: "CORRUPT_ROW",
      sessionId: "s",
      id,
      hasCause: false,
      message:
        `The row ${id} of session "s" holds no message that the codec can decode. Read on without it by onCorruptRow: "skip" ` +
        "or a function, or remove it with delete([id]).",
    });
  });

  test("a codec that gives no message makes a corrupt row, with that as the cause", () => {
    const codec = { ...jsonCodec, decode: () => "hi" as never };
    const error = errorThrownBy(() => decodeRow(row("x"), { ...reader(), codec }));
    expect([error.code, error.cause]).toEqual([
      "CORRUPT_ROW",
      new TypeError("Expected the codec to decode a message, got a string of 2 characters."),
    ]);
  });

  test("a promise is refused, and its error ends no process", async () => {
    const unhandled: unknown[] = [];
    const listen = (error: unknown): void => void unhandled.push(error);
    process.on("unhandledRejection", listen);
    const failing = (): never => Promise.reject(new Error("secret text")) as never;
    const codec = { encode: failing, decode: failing };
    expect(errorThrownBy(() => encodeRow(hello, { position: 0, id }, { ...json, codec })).code).toBe("INVALID_MESSAGE");
    expect(errorThrownBy(() => decodeRow(row("x"), { ...reader(), codec })).code).toBe("CORRUPT_ROW");
    expect(errorThrownBy(() => decodeRow(row("x"), reader(failing))).code).toBe("INVALID_OPTION");
    await setImmediate();
    process.off("unhandledRejection", listen);
    expect(unhandled).toEqual([]);
  });

  test.each(["type", "tool_calls", "tool_call_id"])(
    "a message of the application's whose %s throws where a window is cut is no message",
    (key) => {
      const decode = (): HumanMessage =>
        Object.defineProperty(new HumanMessage("x"), key, {
          get() {
            throw new Error("secret text");
          },
        });
      const codec = { ...jsonCodec, decode };
      const errors = [
        errorThrownBy(() => decodeRow(row(text), { ...reader(), codec })),
        errorThrownBy(() => decodeRow(row("x"), reader(decode))),
      ];
      expect(errors.map(({ code }) => code)).toEqual(["CORRUPT_ROW", "INVALID_OPTION"]);
      expect(inspect(errors, { depth: 10, showHidden: true })).not.toContain("secret");
    },
  );

  test("what a codec of the application's own throws is not shown, but given to onCorruptRow", () => {
    const thrown = new TypeError("secret text");
    const codec = {
      ...jsonCodec,
      decode: () => {
        throw thrown;
      },
    };
    const error = errorThrownBy(() => decodeRow(row("x"), { ...reader(), codec }));
    expect([error.code, "cause" in error]).toEqual(["CORRUPT_ROW", false]);
    const causes: unknown[] = [];
    decodeRow(row("x"), { ...reader((corrupt) => void causes.push(corrupt.cause) as undefined), codec });
    expect(causes).toEqual([thrown]);
  });

  test("a corrupt row is left out or replaced, as onCorruptRow says", () => {
    expect(decodeRow(row("{}"), reader("skip"))).toBeUndefined();
    expect(
      decodeRow(
        row("{}"),
        reader(() => undefined),
      ),
    ).toBeUndefined();
    expect(
      decodeRow(
        row("{}"),
        reader(() => hello),
      ),
    ).toBe(hello);
    const error = errorThrownBy(() =>
      decodeRow(
        row("{}"),
        reader(() => "hi" as never),
      ),
    );
    expect([error.code, error.message]).toEqual([
      "INVALID_OPTION",
      'Invalid option "onCorruptRow": expected a function that gives a message or nothing, got a string of 2 characters.',
    ]);
  });

  test.each(["{}", null])("onCorruptRow gets the row's text unchanged: %o", (stored) => {
    const rows: object[] = [];
    decodeRow(
      row(stored),
      reader((corrupt) => void rows.push(corrupt) as undefined),
    );
    expect(rows).toEqual([{ sessionId: "s", id, text: stored ?? "", cause: expect.any(Error) }]);
  });
});

describe("copying", () => {
  const to = { sessionId: "other", codec: undefined };

  test.each([
    ["not JSON, ä", 5, { text: "not JSON, ä", bytes: 12, ttlSeconds: 5 }],
    [null, null, { text: "", bytes: 0, ttlSeconds: 0 }],
  ])("the JSON codec's rows keep their text, corrupt or not: %o", (stored, ttl, copy) => {
    expect(copyRow(row(stored, ttl), reader(), to)).toStrictEqual({ id, ...copy });
  });

  test("an application's codec decodes for one session and encodes for the other", () => {
    const mine = { ...reader("skip"), codec: telling };
    expect(copyRow(row("x", 5), mine, { ...to, codec: telling })).toMatchObject({
      id,
      ttlSeconds: 5,
      text: `x {"sessionId":"s","id":"${id}"} {"sessionId":"other","id":"${id}"}`,
    });
    const codec = { ...telling, decode: () => "no message" as never };
    expect(copyRow(row("x"), { ...mine, codec }, to)).toBeUndefined();
  });
});
