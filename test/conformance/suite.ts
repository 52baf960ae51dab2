import type { BaseListChatMessageHistory } from "@langchain/core/chat_history";
import { AIMessage, type BaseMessage, HumanMessage, SystemMessage, ToolMessage } from "@langchain/core/messages";
import { describe, expect, test } from "vitest";
import { aiMessage, numbered, texts } from "../support/messages.ts";

/** Makes a history of a new, empty session. */
export type HistoryFactory = () => BaseListChatMessageHistory | Promise<BaseListChatMessageHistory>;

/** What LangChain.js expects of every list-like chat message history. */
export function chatHistorySuite(name: string, open: HistoryFactory): void {
  describe(`${name} is a chat message history`, () => {
    test("starts empty", async () => {
      expect(await (await open()).getMessages()).toEqual([]);
    });

    test("keeps a first conversation", async () => {
      const history = await open();
      await history.addUserMessage("hi!");
      await history.addAIMessage("whats up?");
      const messages = await history.getMessages();
      expect(messages.map((message) => [message.type, message.content])).toEqual([
        ["human", "hi!"],
        ["ai", "whats up?"],
      ]);
      expect(messages[0]).toBeInstanceOf(HumanMessage);
      expect(messages[1]).toBeInstanceOf(AIMessage);
    });

    test("keeps the order of single adds and of bulk adds", async () => {
      const history = await open();
      for (const message of numbered(5)) await history.addMessage(message);
      await history.addMessages(numbered(20, 5));
      for (const message of numbered(5, 25)) await history.addMessage(message);
      expect(texts(await history.getMessages())).toEqual(texts(numbered(30)));
    });

    test("keeps the order of adds that are not awaited one by one", async () => {
      const history = await open();
      await Promise.all(numbered(50).map((message) => history.addMessage(message)));
      expect(texts(await history.getMessages())).toEqual(texts(numbered(50)));
    });

    test("stores nothing of an empty list", async () => {
      const history = await open();
      await history.addMessages([]);
      expect(await history.getMessages()).toEqual([]);
    });

    test("keeps every kind of message, with its calls and answers", async () => {
      const history = await open();
      const answer = aiMessage({
        content: "",
        tool_calls: [{ id: "c1", name: "look", args: { at: { x: 1 } }, type: "tool_call" }],
        usage_metadata: { input_tokens: 1, output_tokens: 2, total_tokens: 3 },
        response_metadata: { model: "m" },
      });
      const messages: BaseMessage[] = [
        new SystemMessage("be brief"),
        new HumanMessage({ content: [{ type: "text", text: "what is this?" }], name: "ada", id: "h1" }),
        answer,
        new ToolMessage({ content: "a cat", tool_call_id: "c1", name: "look", status: "success", artifact: [1] }),
      ];
      await history.addMessages(messages);
      const read = await history.getMessages();
      expect(read.map((message) => message.toDict())).toEqual(messages.map((message) => message.toDict()));
    });

    test("keeps nothing after clear but what is added later", async () => {
      const history = await open();
      await history.addMessages(numbered(3));
      await history.clear();
      expect(await history.getMessages()).toEqual([]);
      await history.addUserMessage("again");
      expect(texts(await history.getMessages())).toEqual(["again"]);
    });

    test("keeps sessions apart", async () => {
      const [one, other] = [await open(), await open()];
      await one.addUserMessage("one");
      await other.addUserMessage("other");
      await one.clear();
      expect(texts(await other.getMessages())).toEqual(["other"]);
    });
  });
}
