import { AIMessage, HumanMessage } from "@langchain/core/messages";
import { ChatPromptTemplate, MessagesPlaceholder } from "@langchain/core/prompts";
import { RunnableLambda, RunnableWithMessageHistory } from "@langchain/core/runnables";
import { createAgent, fakeModel } from "langchain";
import { expect, test } from "vitest";
import { z } from "zod";
import { chatHistoryMiddleware } from "../../../src/agent/index.ts";
import { CassandraChatSessions } from "../../../src/index.ts";
import { texts } from "../../support/messages.ts";
import { openClient, ownKeyspace } from "../../support/session.ts";
import { idsOf, listAll, newUser } from "../../support/user-sessions.ts";

const client = openClient();
const keyspace = ownKeyspace(client);
const sessions = new CassandraChatSessions({ client, keyspace });

test("is the getMessageHistory of RunnableWithMessageHistory, by session id and user", async () => {
  const prompt = ChatPromptTemplate.fromMessages([new MessagesPlaceholder("history"), ["human", "{input}"]]);
  const answer = RunnableLambda.from(
    (value: { messages: unknown[] } | { toChatMessages(): unknown[] }) =>
      new AIMessage(`seen ${"toChatMessages" in value ? value.toChatMessages().length : value.messages.length}`),
  );
  const user = newUser();
  const chain = new RunnableWithMessageHistory({
    runnable: prompt.pipe(answer),
    getMessageHistory: (sessionId: string) => sessions.open(user, sessionId),
    inputMessagesKey: "input",
    historyMessagesKey: "history",
  });
  const config = { configurable: { sessionId: "chain" } };
  await chain.invoke({ input: "one" }, config);
  const second = await chain.invoke({ input: "two" }, config);
  expect(second.text).toBe("seen 3");
  expect(texts(await sessions.open(user, "chain").getMessages())).toEqual(["one", "seen 1", "two", "seen 3"]);
  expect(idsOf(await listAll(sessions, user))).toEqual(["chain"]);
});

test.each(["run", "step"] as const)(
  "is the history of the agent's middleware, by the run's context: save %s",
  async (save) => {
    const contextSchema = z.object({ userId: z.string(), sessionId: z.string() });
    const [ada, bob] = [newUser(), newUser()];
    const model = fakeModel();
    for (let at = 0; at < 3; at += 1) model.respond(new AIMessage(`answer ${at}`));
    const agent = createAgent({
      model,
      contextSchema,
      middleware: [
        chatHistoryMiddleware({
          contextSchema,
          save,
          history: ({ context }) => sessions.open(context.userId, context.sessionId),
        }),
      ],
    });
    for (const [at, userId] of [ada, ada, bob].entries()) {
      await agent.invoke({ messages: [new HumanMessage(`question ${at}`)] }, { context: { userId, sessionId: "s" } });
    }
    expect(texts(await sessions.open(ada, "s").getMessages())).toEqual([
      "question 0",
      "answer 0",
      "question 1",
      "answer 1",
    ]);
    expect(texts(await sessions.open(bob, "s").getMessages())).toEqual(["question 2", "answer 2"]);
    expect(idsOf(await listAll(sessions, ada))).toEqual(["s"]);
    expect(idsOf(await listAll(sessions, bob))).toEqual(["s"]);
  },
);
