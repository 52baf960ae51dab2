import { types } from "cassandra-driver";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  compareIds,
  formatTimeUuid,
  idMicros,
  idMillis,
  isTimeUuid,
  LATEST_MICROS,
} from "../../../src/ids/timeuuid.ts";
import { runs } from "../../support/runs.ts";
import { cassandraCompare, idOfTicks } from "../../support/timeuuid.ts";

const TAIL = "8000-010203040506";

test("an id's microsecond is exact to the year 2223, of its text and of its bytes", () => {
  const tick = fc.bigInt({ min: 0n, max: BigInt(LATEST_MICROS) * 10n });
  fc.assert(
    fc.property(tick, (ticks) => {
      const id = idOfTicks(ticks, TAIL);
      expect(idMicros(id)).toBe(Number(ticks / 10n));
      expect(idMicros(id.toUpperCase())).toBe(idMicros(id));
      expect(idMicros(types.TimeUuid.fromString(id).getBuffer())).toBe(idMicros(id));
    }),
    runs(1000),
  );
});

test("an id is made of its microsecond and its last bytes", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: LATEST_MICROS }), (micros) => {
      const id = formatTimeUuid(micros, TAIL);
      expect(id).toBe(idOfTicks(BigInt(micros) * 10n, TAIL));
      expect(isTimeUuid(id)).toBe(true);
      expect(types.TimeUuid.fromString(id).getDate().getTime()).toBe(idMillis(id));
    }),
    runs(1000),
  );
});

test("where the halves of the time carry", () => {
  for (const micros of [0, 2 ** 32 - 1, 2 ** 32, 429_496_729, 429_496_730, 1_700_000_000_000_000, LATEST_MICROS]) {
    expect(formatTimeUuid(micros, TAIL)).toBe(idOfTicks(BigInt(micros) * 10n, TAIL));
    expect(idMicros(formatTimeUuid(micros, TAIL))).toBe(micros);
  }
});

test.each([
  ["0b2f6400-c9ad-11f0-8000-010203040506", true],
  ["0B2F6400-C9AD-11F0-8000-010203040506", true],
  [" 0b2f6400-c9ad-11f0-8000-010203040506", false],
  ["0b2f6400-c9ad-11f0-8000-010203040506 ", false],
  ["0b2f6400-c9ad-41f0-8000-010203040506", false],
  ["0b2f6400c9ad11f08000010203040506", false],
])("whether %o is a timeuuid", (text, is) => {
  expect(isTimeUuid(text)).toBe(is);
});

describe("comparing ids", () => {
  // Few bytes, so that two ids often differ only in their last ones, and in the sign of those.
  const byte = fc.constantFrom("00", "01", "7f", "80", "ff");
  const anyId = fc
    .tuple(
      fc.constantFrom("0b2f6400-c9ad-11f0", "0b2f6401-c9ad-11f0", "0B2F6400-C9AD-11F0", "fb2f6400-09ad-11f0"),
      fc.array(byte, { minLength: 4, maxLength: 4 }),
    )
    .map(([time, [a, b, c, d]]) => `${time}-${a}${a}-${b}${b}${b}${c}${c}${d}`);

  test("is Cassandra's order", () => {
    fc.assert(
      fc.property(anyId, anyId, (a, b) => {
        expect(Math.sign(compareIds(a, b))).toBe(cassandraCompare(a, b));
      }),
    );
  });

  test("each of the last bytes as signed", () => {
    const signs = ["7f", "00", "ff", "80"].map((one) => `0b2f6400-c9ad-11f0-8000-0102030405${one}`);
    const sorted = [...signs].sort(compareIds);
    expect(sorted.map((id) => id.slice(-2))).toEqual(["80", "ff", "00", "7f"]);
    expect(compareIds(signs[0] ?? "", signs[0] ?? "")).toBe(0);
  });
});
