import type { BaseListChatMessageHistory } from "@langchain/core/chat_history";
import { createAgent, fakeModel } from "langchain";
import { expectTypeOf, test } from "vitest";
import { z } from "zod";
import { chatHistoryMiddleware } from "../../src/agent/index.ts";
import type { CassandraChatMessageHistory } from "../../src/index.ts";

declare const history: CassandraChatMessageHistory;
declare const listHistory: BaseListChatMessageHistory;

test("the middleware takes any list-like history, or a function that gives one", () => {
  chatHistoryMiddleware({ history });
  chatHistoryMiddleware({ history: listHistory });
  chatHistoryMiddleware({ history: () => history });
  chatHistoryMiddleware({ history: async () => listHistory });
});

test("the context has the type of its schema", () => {
  const contextSchema = z.object({ user: z.string() });
  const middleware = chatHistoryMiddleware({
    contextSchema,
    history: ({ context }) => {
      expectTypeOf(context).toEqualTypeOf<{ user: string }>();
      return history;
    },
  });
  const agent = createAgent({ model: fakeModel(), tools: [], middleware: [middleware] });
  void agent.invoke({ messages: [] }, { context: { user: "ada" } });
  // @ts-expect-error the context has another type
  void agent.invoke({ messages: [] }, { context: { user: 1 } });
});

test("the middleware adds nothing to the agent's state", () => {
  const agent = createAgent({ model: fakeModel(), tools: [], middleware: [chatHistoryMiddleware({ history })] });
  const plain = createAgent({ model: fakeModel(), tools: [] });
  type State<Invoke extends (...input: never[]) => unknown> = Awaited<ReturnType<Invoke>>;
  expectTypeOf<State<typeof agent.invoke>>().toEqualTypeOf<State<typeof plain.invoke>>();
});

test("wrong options do not compile", () => {
  // @ts-expect-error a history is needed
  chatHistoryMiddleware({});
  // @ts-expect-error no such option
  chatHistoryMiddleware({ history, window: 5 });
  // @ts-expect-error not one of the modes
  chatHistoryMiddleware({ history, save: "always" });
  // @ts-expect-error returns no history
  chatHistoryMiddleware({ history: () => "history" });
});
