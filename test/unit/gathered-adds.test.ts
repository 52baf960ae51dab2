import { errors, types } from "cassandra-driver";
import { expect, test } from "vitest";
import { GatheredAdds } from "../../src/history/gathered-adds.ts";
import { MAX_BATCH_BYTES } from "../../src/options/limits.ts";
import type { InsertRow } from "../../src/table/stored-row.ts";

const row = (id: string, bytes = 1): InsertRow => ({ id, text: "", bytes, ttlSeconds: undefined });
const rows = (ids: string, bytes = 1): InsertRow[] => [...ids].map((id) => row(id, bytes));
const half = MAX_BATCH_BYTES / 2;
const cut = new Error("cut");
const refusal = new errors.ResponseError(types.responseErrorCodes.invalid, "Request is too big");

/** What is inserted, as the ids of each batch; a batch that holds an id of `failing` fails with its error. */
function newGatheredAdds(
  failing: Readonly<Record<string, Error>> = {},
  maxRows = 10,
): { adds: GatheredAdds; sent: string[] } {
  const sent: string[] = [];
  const insert = async (rows: () => readonly InsertRow[]): Promise<void> => {
    const batch = rows();
    sent.push(batch.map(({ id }) => id).join(""));
    const failed = batch.map(({ id }) => failing[id]).find((error) => error !== undefined);
    if (failed !== undefined) throw failed;
  };
  return { adds: new GatheredAdds(insert, maxRows), sent };
}

/** How each call ends: "stored", or what it rejects with. */
function outcomes(calls: readonly Promise<void>[]): Promise<unknown[]> {
  return Promise.all(
    calls.map((call) =>
      call.then(
        () => "stored",
        (error: unknown) => error,
      ),
    ),
  );
}

test("calls made in one turn of the event loop share a batch, and a later call does not", async () => {
  const { adds, sent } = newGatheredAdds();
  expect(await outcomes([adds.send(rows("ab")), adds.send(rows("c"))])).toEqual(["stored", "stored"]);
  expect(await outcomes([adds.send(rows("d"))])).toEqual(["stored"]);
  expect(sent).toEqual(["abc", "d"]);
});

test("a call that does not fit into a batch goes whole into the next one", async () => {
  const { adds, sent } = newGatheredAdds({}, 3);
  await outcomes([adds.send(rows("ab")), adds.send(rows("cd")), adds.send(rows("e"))]);
  expect(sent).toEqual(["ab", "cde"]);
});

test("a call larger than a batch goes in parts, in order", async () => {
  for (const others of [0, 1]) {
    const { adds, sent } = newGatheredAdds();
    const calls = [adds.send(rows("abcde", half)), ...rows("x".repeat(others)).map((one) => adds.send([one]))];
    expect(new Set(await outcomes(calls))).toEqual(new Set(["stored"]));
    expect(sent.filter((ids) => ids !== "x")).toEqual(["ab", "cd", "e"]);
  }
});

test("a failed part stops the parts after it, and the error says what is stored", async () => {
  const { adds, sent } = newGatheredAdds({ d: cut });
  const [error] = await outcomes([adds.send(rows("abcdef", half))]);
  expect(sent).toEqual(["ab", "cd"]);
  expect(error).toMatchObject({ code: "WRITE_FAILED", cause: cut, ids: [..."abcdef"], written: ["a", "b"] });
});

test("a row larger than a batch goes first, so that its refusal leaves nothing stored", async () => {
  const large = [row("a"), row("b", MAX_BATCH_BYTES + 1), row("c", MAX_BATCH_BYTES + 9), row("d")];
  const stored = newGatheredAdds();
  await stored.adds.send(large);
  expect(stored.sent).toEqual(["c", "a", "b", "d"]);
  const { adds, sent } = newGatheredAdds({ c: refusal });
  const [error] = await outcomes([adds.send(large)]);
  expect(sent).toEqual(["c"]);
  expect(error).toMatchObject({ code: "MESSAGE_TOO_LARGE", ids: [..."abcd"], written: [] });
  expect(String(error)).toContain(`has ${MAX_BATCH_BYTES + 9} bytes`);
});

test("a row as large as a batch keeps its place", async () => {
  const { adds, sent } = newGatheredAdds();
  await adds.send([row("a", 9), row("b", MAX_BATCH_BYTES)]);
  expect(sent).toEqual(["a", "b"]);
});

test("a failed batch fails each of its calls with the ids of that call", async () => {
  const { adds, sent } = newGatheredAdds({ b: cut });
  const [one, other] = await outcomes([adds.send(rows("ab")), adds.send(rows("c"))]);
  expect(sent).toEqual(["abc"]);
  expect(one).toMatchObject({ code: "WRITE_FAILED", cause: cut, ids: ["a", "b"], written: [] });
  expect(other).toMatchObject({ code: "WRITE_FAILED", cause: cut, ids: ["c"], written: [] });
});

test("a call that the server refuses fails alone, and the other calls of its batch are stored", async () => {
  const { adds, sent } = newGatheredAdds({ b: refusal });
  const [one, other] = await outcomes([adds.send(rows("ab", 7)), adds.send(rows("c"))]);
  expect(sent).toEqual(["abc", "ab", "c"]);
  expect(one).toMatchObject({ code: "MESSAGE_TOO_LARGE", ids: ["a", "b"] });
  expect(String(one)).toContain("has 7 bytes");
  expect(other).toBe("stored");
});

test("a call aborted before it is sent is not sent, and rejects with the reason", async () => {
  const reason = new Error("enough");
  const signal = AbortSignal.abort(reason);
  const alone = newGatheredAdds();
  expect(await outcomes([alone.adds.send(rows("a"), signal)])).toEqual([reason]);
  expect(alone.sent).toEqual([]);
  const { adds, sent } = newGatheredAdds();
  const open = new AbortController().signal;
  const calls = [adds.send(rows("a"), signal), adds.send(rows("b"), open), adds.send(rows("c"))];
  expect(await outcomes(calls)).toEqual([reason, "stored", "stored"]);
  expect(sent).toEqual(["bc"]);
});

test("an abort between two parts of a call stops the rest", async () => {
  const controller = new AbortController();
  const sent: number[] = [];
  const insert = async (rows: () => readonly InsertRow[]): Promise<void> => {
    const batch = rows();
    sent.push(batch.length);
    controller.abort("enough");
  };
  expect(await outcomes([new GatheredAdds(insert, 2).send(rows("abc"), controller.signal)])).toEqual(["enough"]);
  expect(sent).toEqual([2]);
});

test("a signal that is not aborted changes no error", async () => {
  const [error] = await outcomes([newGatheredAdds({ a: cut }).adds.send(rows("a"), new AbortController().signal)]);
  expect(error).toMatchObject({ code: "WRITE_FAILED", cause: cut });
});
