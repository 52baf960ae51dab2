import { HumanMessage } from "@langchain/core/messages";
import fc from "fast-check";
import { expect, test } from "vitest";
import { CassandraChatSessions, type ChatSession, type SessionChanges } from "../../../src/index.ts";
import { texts } from "../../support/messages.ts";
import { openClient, ownKeyspace } from "../../support/session.ts";
import { idsOf, listAll, newUser } from "../../support/user-sessions.ts";

const client = openClient();
const keyspace = ownKeyspace(client);

/** What a session has to be, and its messages. */
interface Stored {
  title?: string;
  pinned: boolean;
  archived: boolean;
  metadata: Record<string, unknown>;
  messages: string[];
  /** Grows with each activity. */
  active: number;
}

/** One user's sessions, as plain objects. */
class Model {
  readonly sessions = new Map<string, Stored>();
  #activity = 0;

  make(id: string): Stored {
    const made: Stored = { pinned: false, archived: false, metadata: {}, messages: [], active: this.next() };
    this.sessions.set(id, made);
    return made;
  }

  next(): number {
    this.#activity += 1;
    return this.#activity;
  }

  change(session: Stored, { title, pinned, archived, metadata = {} }: SessionChanges): void {
    if (title === null) delete session.title;
    else if (title !== undefined) session.title = title;
    session.pinned = pinned ?? session.pinned;
    session.archived = archived ?? session.archived;
    for (const [key, value] of Object.entries(metadata)) {
      if (value === null) delete session.metadata[key];
      else session.metadata[key] = value;
    }
  }

  listed(archived: boolean | "any", pinned: boolean | "any"): string[] {
    return [...this.sessions]
      .filter(
        ([, one]) => (archived === "any" || one.archived === archived) && (pinned === "any" || one.pinned === pinned),
      )
      .sort(([, a], [, b]) => b.active - a.active)
      .map(([id]) => id);
  }
}

interface World {
  readonly user: string;
  readonly model: Model;
  readonly sessions: CassandraChatSessions;
}
type Step = (world: World) => Promise<void>;

const id = fc.constantFrom("a", "b", "c", "d", "e", '["a","b"]');
const title = fc.constantFrom("T", "", "U");
const metadata = fc.dictionary(fc.constantFrom("x", "y", "z"), fc.constantFrom<null | number | string>(null, 1, "v"), {
  noNullPrototype: true,
});
const changes: fc.Arbitrary<SessionChanges> = fc.record(
  { title: fc.option(title), pinned: fc.boolean(), archived: fc.boolean(), metadata },
  { requiredKeys: [] },
);
const choice = fc.constantFrom(true, false, "any" as const);

const codeOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => "done",
    (error) => error.code,
  );

/** So that no two activities are in one millisecond: ties are ordered by id. */
async function nextMillisecond(): Promise<void> {
  const now = Date.now();
  while (Date.now() <= now + 1) await new Promise((resolve) => setImmediate(resolve));
}

function expectSame(session: ChatSession | undefined, stored: Stored | undefined): void {
  if (stored === undefined) {
    expect(session).toBeUndefined();
    return;
  }
  const { title: own, pinned, archived, metadata: data } = stored;
  expect(session).toMatchObject({ pinned, archived });
  expect([session?.title, session?.metadata]).toEqual([own, data]);
}

let count = 0;
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(id, fc.integer({ min: 1, max: 3 })).map(
      ([sessionId, n]): Step =>
        async ({ user, model, sessions }) => {
          const messages = Array.from({ length: n }, () => `m${count++}`);
          await nextMillisecond();
          await sessions.open(user, sessionId).addMessages(messages.map((text) => new HumanMessage(text)));
          const stored = model.sessions.get(sessionId) ?? model.make(sessionId);
          stored.messages.push(...messages);
          stored.active = model.next();
        },
    ),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(id, changes).map(
      ([sessionId, given]): Step =>
        async ({ user, model, sessions }) => {
          const stored = model.sessions.get(sessionId);
          const outcome = await codeOf(sessions.update(user, sessionId, given));
          expect(outcome).toBe(stored === undefined ? "NOT_FOUND" : "done");
          if (stored !== undefined) model.change(stored, given);
        },
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(id, fc.record({ title, pinned: fc.boolean(), metadata }, { requiredKeys: [] })).map(
      ([sessionId, given]): Step =>
        async ({ user, model, sessions }) => {
          await nextMillisecond();
          const made = await sessions.create(user, { sessionId, ...given });
          const stored = model.sessions.get(sessionId) ?? model.make(sessionId);
          model.change(stored, given);
          expectSame(made, stored);
        },
    ),
  },
  {
    weight: 2,
    arbitrary: id.map(
      (sessionId): Step =>
        async ({ user, model, sessions }) => {
          await sessions.delete(user, sessionId);
          model.sessions.delete(sessionId);
        },
    ),
  },
  {
    weight: 1,
    arbitrary: id.map(
      (sessionId): Step =>
        async ({ user, model, sessions }) => {
          await sessions.open(user, sessionId).clear();
          const stored = model.sessions.get(sessionId);
          if (stored !== undefined) stored.messages = [];
        },
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(id, id).map(
      ([from, to]): Step =>
        async ({ user, model, sessions }) => {
          await nextMillisecond();
          const [source, target] = [model.sessions.get(from), model.sessions.get(to)];
          const outcome = await codeOf(sessions.fork(user, from, { sessionId: to }));
          if (source === undefined) return expect(outcome).toBe("NOT_FOUND");
          if (target !== undefined) return expect(outcome).toBe("INVALID_OPTION");
          expect(outcome).toBe("done");
          const copy = model.make(to);
          model.change(copy, { title: source.title, metadata: source.metadata as never });
          copy.messages = [...source.messages];
        },
    ),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(choice, choice, fc.integer({ min: 1, max: 4 })).map(
      ([archived, pinned, limit]): Step =>
        async ({ user, model, sessions }) => {
          expect(idsOf(await listAll(sessions, user, { archived, pinned, limit }))).toEqual(
            model.listed(archived, pinned),
          );
        },
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constant<Step>(async ({ user, model, sessions }) => {
      expect(await sessions.deleteAll(user)).toBe(model.sessions.size);
      model.sessions.clear();
    }),
  },
);

test("random sequences of all operations give the answers of plain objects", async () => {
  const all = [
    new CassandraChatSessions({ client, keyspace }),
    new CassandraChatSessions({
      client: openClient({ encoding: { map: Map }, queryOptions: { fetchSize: 1 } }),
      keyspace,
      pageSize: 1,
    }),
    new CassandraChatSessions({ client: openClient(), keyspace, ttlSeconds: 10_000 }),
  ];
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 25, maxLength: 25 }), fc.nat({ max: 2 }), async (steps, which) => {
      const sessions = all[which] ?? all[0];
      if (sessions === undefined) return;
      const world: World = { user: newUser(), model: new Model(), sessions };
      for (const one of steps) await one(world);
      for (const sessionId of ["a", "b", "c", "d", "e", '["a","b"]']) {
        const stored = world.model.sessions.get(sessionId);
        expectSame(await sessions.get(world.user, sessionId), stored);
        expect(texts(await sessions.open(world.user, sessionId).getMessages())).toEqual(stored?.messages ?? []);
      }
    }),
    { numRuns: 120 },
  );
});
