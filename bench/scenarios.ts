import { isDeepStrictEqual } from "node:util";
import type { BaseMessage } from "@langchain/core/messages";
import { RunnableLambda, RunnableWithMessageHistory } from "@langchain/core/runnables";
import type { Contender, SessionUnderTest, Task } from "./contenders/contender.ts";
import { conversation, look } from "./messages.ts";

type Run = (operations: number) => Promise<void>;

/** One operation that every contender can do. */
export interface Scenario {
  readonly name: string;
  /** Seconds that a full run spends on the floor's two copies and the library, warm-up aside; others take as much more. */
  readonly seconds: number;
  /** Calls that one operation is made of, where that is more than one. */
  readonly calls?: number;
  /** Whether one call takes a moment, so that many of them warm up what all share. */
  readonly short?: boolean;
  /** Whether other stores are measured, too. */
  readonly peers: boolean;
  /** The same for a store of another language, where one thread can do it. */
  readonly task?: () => Task;
  /** Whether it takes a session that is too long to write for a quick run. */
  readonly long?: boolean;
  /** Checks that the contender does it right, and gives what is timed. */
  prepare(contender: Contender): Promise<Run>;
}

const IN_FLIGHT = 128;
const WINDOW = 20;
const pool = conversation(1024);
const turns = Array.from({ length: 256 }, (_, at) => conversation(2, at + 2));

/** What a message says, whatever else its store keeps. */
function gistOf(message: BaseMessage | undefined): unknown {
  if (message === undefined) return undefined;
  const calls = "tool_calls" in message ? message.tool_calls : undefined;
  return { type: message.type, content: message.content, id: message.id, calls };
}

function expectSame({ lossy }: Contender, got: readonly BaseMessage[], wanted: readonly BaseMessage[]): void {
  if (lossy) return;
  const wrong = wanted.findIndex((message, at) => !isDeepStrictEqual(gistOf(got[at]), gistOf(message)));
  if (got.length === wanted.length && wrong === -1) return;
  throw new Error(`Expected ${wanted.length} messages as they were written, got ${got.length}; wrong at ${wrong}.`);
}

function expectLooked(messages: readonly BaseMessage[], wanted: number): void {
  const seen = look(messages);
  if (seen !== wanted) throw new Error(`Expected messages that add up to ${wanted}, got ${seen}.`);
}

function nth<Item>(items: readonly Item[], at: number): Item {
  const item = items[at % items.length];
  if (item === undefined) throw new Error("Expected items.");
  return item;
}

let sessions = 0;
const newSession = (kind: string): string => `${kind} ${++sessions}`;

type Write = (session: SessionUnderTest, at: number) => Promise<unknown>;

/** Writes on one session, one after the other. */
function writing(name: string, messagesOf: (at: number) => readonly BaseMessage[], write: Write): Scenario {
  return {
    name,
    seconds: 6,
    peers: true,
    task: () => ({ does: "add", size: messagesOf(0).length, messages: pool.flatMap((_, at) => messagesOf(at)) }),
    short: true,
    prepare: async (contender) => {
      const checked = contender.open(newSession(name));
      for (let at = 0; at < 10; at += 1) await write(checked, at);
      expectSame(contender, await checked.read(), Array.from({ length: 10 }, (_, at) => messagesOf(at)).flat());
      let at = 0;
      const session = contender.open(newSession(name));
      return async (operations) => {
        for (let left = operations; left > 0; left -= 1) await write(session, at++);
      };
    },
  };
}

/** The same, by many requests at once, each with a session of its own. */
function writingInParallel({ task: _, ...scenario }: Scenario, write: Write): Scenario {
  return {
    ...scenario,
    short: false,
    name: `${scenario.name}, ${IN_FLIGHT} in flight`,
    calls: IN_FLIGHT,
    prepare: async (contender) => {
      await scenario.prepare(contender);
      const open = Array.from({ length: IN_FLIGHT }, () => contender.open(newSession(scenario.name)));
      let at = 0;
      return async (operations) => {
        let left = operations * IN_FLIGHT;
        await Promise.all(
          open.map(async (session) => {
            while (left-- > 0) await write(session, at++);
          }),
        );
      };
    },
  };
}

const addOne: Write = (session, at) => session.add(nth(pool, at));
const addTurn: Write = (session, at) => session.addAll(nth(turns, at));
const oneAdd = writing("one add", (at) => [nth(pool, at)], addOne);
const turnOfTwo = writing("a turn of two", (at) => nth(turns, at), addTurn);

const unawaited: Scenario = {
  name: `${IN_FLIGHT} adds, none awaited, one session`,
  seconds: 6,
  peers: true,
  prepare: async (contender) => {
    const messages = pool.slice(0, IN_FLIGHT);
    // First use is another matter: some classes then open a client for each call.
    const openUsed = async (): Promise<SessionUnderTest> => {
      const session = contender.open(newSession("unawaited"));
      await session.read();
      return session;
    };
    const checked = await openUsed();
    await checked.addEach(messages);
    // Of single inserts at once, only the set can be expected.
    if (!contender.lossy) expectLooked(await checked.read(), look(messages));
    const session = await openUsed();
    return async (operations) => {
      for (let left = operations; left > 0; left -= 1) await session.addEach(messages);
    };
  },
};

function bulk(count: number): Scenario {
  const messages = conversation(count);
  return {
    name: `append ${count.toLocaleString("en")} at once`,
    seconds: 8,
    peers: count <= 1000,
    task: () => ({ does: "append", size: count, messages }),
    prepare: async (contender) => {
      const checked = contender.open(newSession("bulk"));
      await checked.addAll(messages);
      expectSame(contender, await checked.read(), messages);
      return async (operations) => {
        for (let left = operations; left > 0; left -= 1) await contender.open(newSession("bulk")).addAll(messages);
      };
    },
  };
}

/** Sessions that are only read, written once for each contender. */
const written = new WeakMap<Contender, Map<number, string>>();

async function sessionOf(contender: Contender, count: number): Promise<string> {
  const known = written.get(contender) ?? new Map<number, string>();
  written.set(contender, known);
  const existing = known.get(count);
  if (existing !== undefined) return existing;
  const name = newSession("read");
  known.set(count, name);
  await contender.fill(name, conversation(count));
  return name;
}

type Read = (contender: Contender, session: SessionUnderTest, sessionId: string) => Promise<BaseMessage[]>;

function reading(name: string, count: number, newest: number, peers: boolean, read: Read): Scenario {
  const does = read === byNewHistory ? "request" : "read";
  return {
    name,
    seconds: 6,
    peers,
    task: () => ({ does, size: newest, messages: conversation(count) }),
    short: peers && newest <= WINDOW,
    long: count > 10_000,
    prepare: async (contender) => {
      const sessionId = await sessionOf(contender, count);
      const session = contender.open(sessionId);
      const got = await read(contender, session, sessionId);
      if (got.length !== newest) throw new Error(`Expected ${newest} messages, got ${got.length}.`);
      expectSame(contender, got, conversation(count).slice(-newest));
      const sum = look(got);
      return async (operations) => {
        for (let left = operations; left > 0; left -= 1) expectLooked(await read(contender, session, sessionId), sum);
      };
    },
  };
}

function readAll(count: number): Scenario {
  const name = `read all of ${count.toLocaleString("en")}`;
  return reading(name, count, count, count <= 1000, (_, session) => session.read());
}

export function readWindow(count: number): Scenario {
  const name = `the last ${WINDOW} of ${count.toLocaleString("en")}`;
  return reading(name, count, WINDOW, count <= 1000, (_, session) => session.window(WINDOW));
}

const byNewHistory: Read = (contender, _, sessionId) => contender.request(sessionId, WINDOW);
const request = reading(`new history, last ${WINDOW} of 1,000`, 1000, WINDOW, true, byNewHistory);

/** Sessions of ten turns, so that what is read stays short. */
const runnableTurn: Scenario = {
  name: "a RunnableWithMessageHistory turn",
  seconds: 6,
  short: true,
  peers: true,
  task: () => ({ does: "runnable", size: 2, messages: turns.flat() }),
  prepare: async (contender) => {
    let at = 0;
    const answer = (): BaseMessage => nth(nth(turns, at), 1);
    const chain = new RunnableWithMessageHistory({
      runnable: RunnableLambda.from(answer),
      getMessageHistory: (sessionId: string) => contender.history(sessionId),
    });
    const invoke = (sessionId: string): Promise<unknown> =>
      chain.invoke([nth(nth(turns, at), 0)], { configurable: { sessionId } });
    const checked = newSession("runnable");
    await invoke(checked);
    expectSame(contender, await contender.open(checked).read(), nth(turns, at));
    let session = newSession("runnable");
    return async (operations) => {
      for (let left = operations; left > 0; left -= 1) {
        if (++at % 10 === 0) session = newSession("runnable");
        await invoke(session);
      }
    };
  },
};

export const SCENARIOS: readonly Scenario[] = [
  oneAdd,
  turnOfTwo,
  writingInParallel(oneAdd, addOne),
  writingInParallel(turnOfTwo, addTurn),
  unawaited,
  ...[10, 100, 1000, 10_000].map(readAll),
  ...[100, 1000, 10_000, 100_000].map(readWindow),
  request,
  runnableTurn,
  bulk(1000),
  bulk(10_000),
];
