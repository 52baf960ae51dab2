import { invalidOption } from "../errors/refusals.ts";
import { toDate } from "../ids/readings.ts";
import { DEFAULT_LIST_LIMIT } from "../options/limits.ts";
import type { ListSessionsOptions } from "../options/session-arguments.ts";
import type { ActiveSession } from "../table/sessions-table.ts";

/** A place in the order of a list. */
type Place = Pick<ActiveSession, "sessionId" | "lastActive">;

/** The sessions of one page, in their order. */
export interface ListedPage {
  readonly sessions: readonly ActiveSession[];
  /** Where the next page begins; undefined at the end. */
  readonly next: string | undefined;
}

/** Which sessions a list shows. */
export type SessionFilter = Pick<ListSessionsOptions, "archived" | "pinned">;

export function isWanted(session: Pick<ActiveSession, "archived" | "pinned">, filter: SessionFilter): boolean {
  const { archived = false, pinned = "any" } = filter;
  return (archived === "any" || archived === session.archived) && (pinned === "any" || pinned === session.pinned);
}

/** Last active first; of the same time, by the id. */
export function comparePlaces(a: Place, b: Place): number {
  const later = b.lastActive.getTime() - a.lastActive.getTime();
  if (later !== 0) return later;
  if (a.sessionId === b.sessionId) return 0;
  return a.sessionId < b.sessionId ? -1 : 1;
}

/** Collects what one page may show: at no time much more than that, however many sessions there are. */
export class PageBuilder {
  readonly #limit: number;
  readonly #after: Place | undefined;
  readonly #filter: SessionFilter;
  #sessions: ActiveSession[] = [];

  constructor({ limit = DEFAULT_LIST_LIMIT, after, archived, pinned }: ListSessionsOptions) {
    this.#limit = limit;
    this.#after = after === undefined ? undefined : decodeCursor(after);
    this.#filter = { archived, pinned };
  }

  add(sessions: readonly ActiveSession[]): void {
    const after = this.#after;
    for (const session of sessions) {
      const isLater = after === undefined || comparePlaces(session, after) > 0;
      if (isLater && isWanted(session, this.#filter)) this.#sessions.push(session);
    }
    // One more than the page has: it tells whether there is another.
    this.#sessions = this.#sessions.sort(comparePlaces).slice(0, this.#limit + 1);
  }

  build(): ListedPage {
    const sessions = this.#sessions.slice(0, this.#limit);
    const last = sessions.at(-1);
    const goesOn = this.#sessions.length > this.#limit && last !== undefined;
    return { sessions, next: goesOn ? encodeCursor(last) : undefined };
  }
}

function encodeCursor({ lastActive, sessionId }: Place): string {
  return Buffer.from(JSON.stringify([lastActive.getTime(), sessionId])).toString("base64url");
}

function decodeCursor(cursor: string): Place {
  const place = parseCursor(cursor);
  if (place !== undefined) return place;
  throw invalidOption("after", "the `next` of a page of this list", `a string of ${cursor.length} characters`);
}

function parseCursor(cursor: string): Place | undefined {
  try {
    const place: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString());
    if (!Array.isArray(place) || place.length !== 2) return undefined;
    const [millis, sessionId]: unknown[] = place;
    if (!Number.isSafeInteger(millis) || typeof sessionId !== "string") return undefined;
    return { lastActive: toDate(Number(millis)), sessionId };
  } catch {
    return undefined;
  }
}
