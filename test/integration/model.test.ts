import { type BaseMessage, HumanMessage } from "@langchain/core/messages";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { CassandraChatMessageHistory, ChatHistoryEntry } from "../../src/index.ts";
import { UNKNOWN_ID } from "../support/ids.ts";
import { texts } from "../support/messages.ts";
import { openClient, openHistory, ownKeyspace } from "../support/session.ts";
import { cassandraCompare } from "../support/timeuuid.ts";

const client = openClient();
const keyspace = ownKeyspace(client);

interface Stored {
  id: string;
  text: string;
}

/** What the history has to hold, as a plain array. `at` picks an entry's id, or an id that is not there. */
class Model {
  entries: Stored[] = [];
  #gone = [UNKNOWN_ID];

  at(where: number): string {
    const { length } = this.entries;
    return where % (length + 1) === length ? (this.#gone.at(-1) ?? "") : (this.entries[where % (length + 1)]?.id ?? "");
  }

  keep(kept: Stored[]): void {
    this.#gone.push(...this.entries.filter((entry) => !kept.includes(entry)).map(({ id }) => id));
    this.entries = kept;
  }
}

type Step = (history: CassandraChatMessageHistory, model: Model) => Promise<void>;

let count = 0;
const fresh = (n: number): HumanMessage[] => Array.from({ length: n }, () => new HumanMessage(`m${count++}`));
const shown = (entries: readonly ChatHistoryEntry[]): Stored[] =>
  entries.map(({ id, message }) => ({ id, text: message.text }));

async function append(
  history: CassandraChatMessageHistory,
  model: Model,
  messages: BaseMessage[],
  ids?: string[],
): Promise<void> {
  const entries = await history.append(messages, { ids });
  model.entries.push(...shown(entries));
}

const nat = fc.nat({ max: 1000 });
const small = fc.integer({ min: 1, max: 6 });
const page = fc.constantFrom("before" as const, "after" as const, "newest" as const);

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: small.map(
      (n): Step =>
        (history, model) =>
          append(history, model, fresh(n)),
    ),
  },
  {
    weight: 1,
    arbitrary: small.map(
      (n): Step =>
        async (history, model) => {
          const messages = fresh(n);
          const entries = await Promise.all(messages.map((message) => history.append([message])));
          model.entries.push(...shown(entries.flat()));
        },
    ),
  },
  {
    weight: 1,
    // A call made again with its ids, as after a lost answer.
    arbitrary: small.map(
      (n): Step =>
        async (history, model) => {
          const messages = fresh(n);
          const entries = await history.append(messages);
          await append(
            history,
            model,
            messages,
            entries.map(({ id }) => id),
          );
        },
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constant<Step>(async (history, model) => {
      await history.clear();
      model.keep([]);
    }),
  },
  {
    weight: 2,
    arbitrary: nat.map(
      (where): Step =>
        async (history, model) => {
          const id = model.at(where);
          const [message] = fresh(1);
          const entry = model.entries.find((one) => one.id === id);
          const outcome = await history.update(id, message ?? new HumanMessage("")).then(
            () => "updated",
            (error) => error.code,
          );
          expect(outcome).toBe(entry === undefined ? "NOT_FOUND" : "updated");
          if (entry !== undefined) entry.text = message?.text ?? "";
        },
    ),
  },
  {
    weight: 2,
    arbitrary: fc.array(nat, { maxLength: 4 }).map(
      (places): Step =>
        async (history, model) => {
          const ids = places.map((where) => model.at(where));
          await history.delete(ids);
          model.keep(model.entries.filter(({ id }) => !ids.includes(id)));
        },
    ),
  },
  {
    weight: 1,
    arbitrary: nat.map(
      (where): Step =>
        async (history, model) => {
          const id = model.at(where);
          await history.deleteFrom(id);
          model.keep(model.entries.filter((entry) => cassandraCompare(entry.id, id) < 0));
        },
    ),
  },
  {
    weight: 1,
    arbitrary: fc.option(nat, { nil: undefined }).map(
      (where): Step =>
        async (history, model) => {
          const through = where === undefined ? undefined : model.at(where);
          const at = model.entries.findIndex(({ id }) => id === through);
          const fork = history.fork(`fork ${count++}`, { through });
          if (through !== undefined && at < 0) return expect(fork).rejects.toMatchObject({ code: "NOT_FOUND" });
          const copied = through === undefined ? model.entries : model.entries.slice(0, at + 1);
          const forked = await fork;
          expect(texts(await forked.getMessages())).toEqual(texts(copied));
          await forked.addUserMessage("on the fork");
          expect(texts(await forked.getMessages()).at(-1)).toBe("on the fork");
        },
    ),
  },
  {
    weight: 2,
    arbitrary: small.map(
      (maxMessages): Step =>
        async (history, model) => {
          expect(texts(await history.getMessages({ maxMessages }))).toEqual(texts(model.entries.slice(-maxMessages)));
        },
    ),
  },
  {
    weight: 2,
    arbitrary: fc
      .record({ after: fc.option(nat), before: fc.option(nat), limit: fc.option(small), newest: fc.boolean() })
      .map(
        ({ after, before, limit, newest }): Step =>
          async (history, model) => {
            const [low, high] = [after, before].map((where) => (where === null ? undefined : model.at(where)));
            const order = newest ? "newest-first" : "oldest-first";
            const expected = model.entries.filter(
              ({ id }) =>
                (low === undefined || cassandraCompare(id, low) > 0) &&
                (high === undefined || cassandraCompare(id, high) < 0),
            );
            if (newest) expected.reverse();
            const entries: ChatHistoryEntry[] = [];
            for await (const entry of history.entries({ order, after: low, before: high, limit: limit ?? undefined }))
              entries.push(entry);
            expect(shown(entries)).toEqual(expected.slice(0, limit ?? undefined));
          },
      ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(page, nat, small).map(
      ([kind, where, limit]): Step =>
        async (history, model) => {
          const cursor = model.at(where);
          const older = model.entries.filter(({ id }) => cassandraCompare(id, cursor) < 0);
          const newer = model.entries.filter(({ id }) => cassandraCompare(id, cursor) > 0);
          const options = kind === "newest" ? { limit } : { limit, [kind]: cursor };
          const list = {
            newest: model.entries.slice(-limit),
            before: older.slice(-limit),
            after: newer.slice(0, limit),
          }[kind];
          const got = await history.getPage(options);
          expect(shown(got.entries)).toEqual(list);
          const [first, last] = [list[0], list.at(-1)];
          const hasOlder = first !== undefined && model.entries.indexOf(first) > 0;
          const hasNewer = last !== undefined && model.entries.indexOf(last) < model.entries.length - 1;
          expect([got.older, got.newer]).toEqual([hasOlder ? first.id : undefined, hasNewer ? last.id : undefined]);
        },
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constant<Step>(async (history, model) => {
      expect(await history.count()).toBe(model.entries.length);
    }),
  },
);

test("random sequences of all operations give the answers of a plain array", async () => {
  let steps = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 30, maxLength: 30 }), small, async (sequence, pageSize) => {
      const history = openHistory({ client, keyspace, pageSize });
      const model = new Model();
      for (const one of sequence) {
        await one(history, model);
        steps += 1;
      }
      const messages = await history.getMessages();
      expect(texts(messages)).toEqual(texts(model.entries));
    }),
    { numRuns: 200 },
  );
  expect(steps).toBeGreaterThanOrEqual(6000);
});
