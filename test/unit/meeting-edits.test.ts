import fc from "fast-check";
import { expect, test } from "vitest";
import { UPDATES_PER_DELETE } from "../../src/options/limits.ts";
import { earliestDelete, timeAfterDelete, updateTime } from "../../src/table/meeting-edits.ts";

const micros = fc.integer({ min: 0, max: 4e15 });
const nanos = fc.bigInt({ min: 10n ** 18n, max: 4n * 10n ** 18n });

test("an update leaves one microsecond free, and so does the next", () => {
  expect(updateTime(1000)).toBe(1002);
  expect(updateTime(1000, 1002)).toBe(1004);
  expect(updateTime(1004, 1002)).toBe(1006);
});

test("a delete is later than all updates that meet it, each of which read what the one before wrote", () => {
  fc.assert(
    fc.property(micros, fc.integer({ min: 1, max: UPDATES_PER_DELETE - 1 }), (writeTime, updates) => {
      let last = writeTime;
      for (let at = 0; at < updates; at += 1) last = updateTime(last);
      expect(last).toBeLessThan(earliestDelete(writeTime));
    }),
    { numRuns: 20 },
  );
});

test("an update is never later than a delete of the row that it read, whatever was sent last", () => {
  fc.assert(
    fc.property(micros, micros, fc.integer({ min: -30_000, max: 30_000 }), (writeTime, far, near) => {
      for (const lastSent of [far, writeTime + near]) {
        const time = updateTime(writeTime, lastSent);
        expect(time).toBeGreaterThan(writeTime);
        expect(time).toBeLessThan(earliestDelete(writeTime));
      }
    }),
  );
});

test("of rows dated in nanoseconds, what is later is later for certain", () => {
  fc.assert(
    fc.property(nanos, (writeTime) => {
      const read = Number(writeTime);
      expect(BigInt(updateTime(read))).toBeGreaterThan(writeTime);
      expect(updateTime(read, updateTime(read))).toBeGreaterThan(updateTime(read));
      expect(earliestDelete(read)).toBeGreaterThan(updateTime(read, updateTime(read)));
      expect(BigInt(timeAfterDelete(read))).toBeGreaterThan(writeTime);
    }),
  );
});
