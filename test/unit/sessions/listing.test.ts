import fc from "fast-check";
import { expect, test } from "vitest";
import type { ListSessionsOptions } from "../../../src/index.ts";
import { PageBuilder } from "../../../src/sessions/listing.ts";
import type { ActiveSession } from "../../../src/table/sessions-table.ts";
import { awkwardId } from "../../support/awkward-ids.ts";
import { runs } from "../../support/runs.ts";

const session: fc.Arbitrary<ActiveSession> = fc.record({
  sessionId: awkwardId,
  lastActive: fc.integer({ min: 0, max: 5 }).map((millis) => new Date(millis)),
  pinned: fc.boolean(),
  archived: fc.boolean(),
});
const sessions = fc.uniqueArray(session, { selector: ({ sessionId }) => sessionId, maxLength: 40 });
const choice = fc.constantFrom(true, false, "any" as const, undefined);

/** The order as the contract has it: last active first, ties by session id, ascending by code units. */
function sorted(all: readonly ActiveSession[]): string[] {
  return all
    .toSorted((a, b) => b.lastActive.getTime() - a.lastActive.getTime() || (a.sessionId < b.sessionId ? -1 : 1))
    .map(({ sessionId }) => sessionId);
}

function readPages(all: readonly ActiveSession[], options: ListSessionsOptions, pageSize: number): string[][] {
  const pages: string[][] = [];
  for (let after: string | undefined; ; ) {
    const builder = new PageBuilder({ ...options, after });
    for (let at = 0; at < all.length; at += pageSize) builder.add(all.slice(at, at + pageSize));
    const page = builder.build();
    pages.push(page.sessions.map(({ sessionId }) => sessionId));
    if (page.next === undefined) return pages;
    after = page.next;
  }
}

test("the pages of a list are all wanted sessions in order, each full but the last", () => {
  fc.assert(
    fc.property(
      sessions,
      fc.integer({ min: 1, max: 10 }),
      fc.integer({ min: 1, max: 7 }),
      choice,
      choice,
      (all, limit, pageSize, archived, pinned) => {
        const pages = readPages(all, { limit, archived, pinned }, pageSize);
        const wanted = all.filter(
          (one) =>
            (archived === "any" || one.archived === (archived ?? false)) &&
            (pinned === undefined || pinned === "any" || one.pinned === pinned),
        );
        expect(pages.flat()).toEqual(sorted(wanted));
        for (const page of pages.slice(0, -1)) expect(page).toHaveLength(limit);
        expect(pages.at(-1)?.length === 0 && pages.length > 1).toBe(false);
      },
    ),
    runs(2000),
  );
});

test("a list shows 50 where the application does not say", () => {
  const all = Array.from({ length: 60 }, (_, at) => ({
    sessionId: `${at}`,
    lastActive: new Date(at),
    pinned: false,
    archived: false,
  }));
  expect(readPages(all, {}, 60).map((page) => page.length)).toEqual([50, 10]);
});
