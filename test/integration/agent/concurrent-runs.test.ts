import { randomUUID } from "node:crypto";
import { type BaseChatMessageHistory, InMemoryChatMessageHistory } from "@langchain/core/chat_history";
import type { BaseMessage } from "@langchain/core/messages";
import { MemorySaver } from "@langchain/langgraph";
import type { Client } from "cassandra-driver";
import { AIMessage, createAgent, createMiddleware, fakeModel, HumanMessage } from "langchain";
import { describe, expect, test } from "vitest";
import { chatHistoryMiddleware } from "../../../src/agent/index.ts";
import { shown } from "../../support/agent.ts";
import { openClient, openHistory, ownKeyspace } from "../../support/session.ts";
import { watchClient } from "../../support/watch.ts";

const client = openClient();
const otherClient = openClient();
const keyspace = ownKeyspace(client);

/** A promise, and the function that resolves it. */
function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

/** Returns a function whose promises resolve when it has been called that many times. */
function meeting(count: number): () => Promise<void> {
  const { opened, open } = gate();
  let arrived = 0;
  return () => {
    arrived += 1;
    if (arrived === count) open();
    return opened;
  };
}

/** A history of another class: each object is a view of its session in a shared store. */
class SessionHistory extends InMemoryChatMessageHistory {
  static readonly #stores = new Map<string, InMemoryChatMessageHistory>();
  readonly sessionId: string;
  readonly #store: InMemoryChatMessageHistory;

  constructor(sessionId: string) {
    super();
    this.sessionId = sessionId;
    this.#store = SessionHistory.#stores.get(sessionId) ?? new InMemoryChatMessageHistory();
    SessionHistory.#stores.set(sessionId, this.#store);
  }

  override getMessages(): Promise<BaseMessage[]> {
    return this.#store.getMessages();
  }

  override addMessages(messages: BaseMessage[]): Promise<void> {
    return this.#store.addMessages(messages);
  }
}

type Answer = () => AIMessage | Promise<AIMessage>;

interface Setting {
  readonly history: InMemoryChatMessageHistory | ReturnType<typeof openHistory>;
  readonly save: "run" | "step";
  readonly keeps: boolean;
}

/** An agent whose model calls these functions answer, one after the other. */
function openAgent({ history, save, keeps }: Setting, ...answers: Answer[]) {
  const answering = createMiddleware({
    name: "answering",
    wrapModelCall: () => {
      const answer = answers.shift();
      if (answer === undefined) throw new Error("no answer is left");
      return Promise.resolve(answer());
    },
  });
  return createAgent({
    model: fakeModel(),
    tools: [],
    ...(keeps && { checkpointer: new MemorySaver() }),
    middleware: [chatHistoryMiddleware({ history, save }), answering],
  });
}

type Agent = ReturnType<typeof openAgent>;

/** A run that is given the message of this id. */
function click(agent: Agent, thread: string = randomUUID(), id = "q1"): Promise<unknown> {
  const messages = [new HumanMessage({ content: `question ${id}`, id })];
  return agent.invoke({ messages }, { configurable: { thread_id: thread } });
}

const modes = (["run", "step"] as const).flatMap((save) => [true, false].map((keeps) => ({ save, keeps })));

/** A client whose first write waits for the promise, and then fails, before or after it takes effect. */
function failingOnce(opened: Promise<void>, when: "before" | "after"): { watched: Client; begun: Promise<void> } {
  const begun = gate();
  let failed = false;
  const { watched } = watchClient(client, async ({ queries }, send) => {
    if (failed || !/^INSERT/.test(queries[0] ?? "")) return send();
    failed = true;
    begun.open();
    await opened;
    if (when === "after") await send();
    throw new Error("the node went away");
  });
  return { watched, begun: begun.opened };
}

describe.each(modes)("save: $save, with a checkpointer: $keeps", ({ save, keeps }) => {
  test.each(["one agent", "two agents", "two clients", "one thread", "another history", "another history's class"])(
    "five runs at once that are given the same message log it once, and log all answers: %s",
    async (who) => {
      const sessionId = randomUUID();
      const other = new InMemoryChatMessageHistory();
      const own = (): Setting["history"] => {
        if (who === "another history") return other;
        return who === "another history's class"
          ? new SessionHistory(sessionId)
          : openHistory({ client, keyspace, sessionId });
      };
      const all = meeting(5);
      const answers = [1, 2, 3, 4, 5].map((at) => async () => {
        await all();
        return new AIMessage(`answer ${at}`);
      });
      const agent = openAgent({ history: own(), save, keeps }, ...answers);
      const agents = [1, 2, 3, 4, 5].map((at) => {
        if (who === "one agent" || who === "one thread") return agent;
        const history =
          who === "two clients" && at > 2 ? openHistory({ client: otherClient, keyspace, sessionId }) : own();
        return openAgent({ history, save, keeps }, answers[at - 1] ?? (() => new AIMessage("none")));
      });
      const thread = who === "one thread" ? "thread" : undefined;
      await Promise.all(agents.map((one) => click(one, thread)));
      const [first, ...rest] = shown(await own().getMessages());
      expect(first).toBe("human: question q1");
      expect(rest.sort()).toEqual([1, 2, 3, 4, 5].map((at) => `ai: answer ${at}`));
    },
  );

  test("of two runs at once, the one that ends first logs the message, and the other does not", async () => {
    const history = openHistory({ client, keyspace });
    const [slow, started] = [gate(), gate()];
    const agent = openAgent(
      { history, save, keeps },
      async () => {
        started.open();
        await slow.opened;
        return new AIMessage("the slow answer");
      },
      () => new AIMessage("the quick answer"),
    );
    const slowly = click(agent);
    await started.opened;
    await click(agent);
    expect(shown(await history.getMessages())).toEqual(["human: question q1", "ai: the quick answer"]);
    slow.open();
    await slowly;
    expect(shown(await history.getMessages())).toEqual([
      "human: question q1",
      "ai: the quick answer",
      "ai: the slow answer",
    ]);
  });

  test("a run whose model fails does not keep another from logging the message", async () => {
    const history = openHistory({ client, keyspace });
    const both = meeting(2);
    const agent = openAgent(
      { history, save, keeps },
      async () => {
        await both();
        throw new Error("the model is broken");
      },
      async () => {
        await both();
        return new AIMessage("the answer");
      },
    );
    const runs = await Promise.allSettled([click(agent), click(agent)]);
    expect(runs.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    expect(shown(await history.getMessages())).toEqual(["human: question q1", "ai: the answer"]);
  });

  test.each(["before", "after"] as const)(
    "a run whose write fails %s it took effect does not keep another from logging the message, once",
    async (when) => {
      const sessionId = randomUUID();
      const bothAsked = gate();
      const { watched, begun } = failingOnce(bothAsked.opened, when);
      const failing = openAgent(
        { history: openHistory({ client: watched, keyspace, sessionId }), save, keeps },
        () => new AIMessage("the lost answer"),
      );
      const history = openHistory({ client, keyspace, sessionId });
      const agent = openAgent({ history, save, keeps }, () => new AIMessage("the answer"));
      const failed = expect(click(failing)).rejects.toMatchObject({ code: "WRITE_FAILED" });
      await begun;
      const good = click(agent);
      bothAsked.open();
      await failed;
      await good;
      const lost = save === "run" && when === "after" ? ["ai: the lost answer"] : [];
      expect(shown(await history.getMessages())).toEqual(["human: question q1", ...lost, "ai: the answer"]);
    },
  );

  test("runs at once whose inputs overlap log each message once", async () => {
    const history = openHistory({ client, keyspace });
    const all = meeting(3);
    const answer = async (): Promise<AIMessage> => {
      await all();
      return new AIMessage("answer");
    };
    const agent = openAgent({ history, save, keeps }, answer, answer, answer);
    const given = (...ids: string[]) => ({ messages: ids.map((id) => new HumanMessage({ content: id, id })) });
    await Promise.all(
      [given("a", "b"), given("b", "c"), given("a", "c", "d")].map((input) =>
        agent.invoke(input, { configurable: { thread_id: randomUUID() } }),
      ),
    );
    const texts = (await history.getMessages()).map(({ text }) => text);
    expect(texts.filter((text) => text === "answer")).toHaveLength(3);
    expect(texts.filter((text) => text !== "answer").sort()).toEqual(["a", "b", "c", "d"]);
  });

  test("both replies are logged where the model gives them the same id", async () => {
    const history = openHistory({ client, keyspace });
    const both = meeting(2);
    const reply = (content: string) => async () => {
      await both();
      return new AIMessage({ content, id: "the-same" });
    };
    const agent = openAgent({ history, save, keeps }, reply("one"), reply("two"));
    await Promise.all([click(agent), click(agent)]);
    const [first, ...replies] = shown(await history.getMessages());
    expect([first, ...replies.sort()]).toEqual(["human: question q1", "ai: one", "ai: two"]);
  });

  test("runs at once in other sessions, tables and keyspaces log the message in each", async () => {
    const sessionId = randomUUID();
    const histories: BaseChatMessageHistory[] = [
      openHistory({ client, keyspace, sessionId }),
      openHistory({ client, keyspace, sessionId, table: "other" }),
      openHistory({ client, keyspace }),
      new InMemoryChatMessageHistory(),
      new InMemoryChatMessageHistory(),
    ];
    const all = meeting(histories.length);
    const answer = async (): Promise<AIMessage> => {
      await all();
      return new AIMessage("answer");
    };
    await Promise.all(
      histories.map((history) => click(openAgent({ history: history as Setting["history"], save, keeps }, answer))),
    );
    for (const history of histories) {
      expect(shown(await history.getMessages())).toEqual(["human: question q1", "ai: answer"]);
    }
  });
});

test("a run without others at the same time makes no additional read", async () => {
  const { watched, requests } = watchClient(client);
  const history = openHistory({ client: watched, keyspace });
  await history.setup();
  const answer = (): AIMessage => new AIMessage("answer");
  const agent = openAgent({ history, save: "run", keeps: false }, answer, answer);
  const reads: number[] = [];
  for (const id of ["q1", "q2"]) {
    requests.length = 0;
    await click(agent, "thread", id);
    reads.push(requests.filter(({ queries }) => /^SELECT/.test(queries[0] ?? "")).length);
  }
  expect(reads).toEqual([2, 2]);
});
