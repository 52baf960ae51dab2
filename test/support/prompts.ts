import type { BaseMessage } from "@langchain/core/messages";
import { FakeListChatModel } from "@langchain/core/utils/testing";

/** Counts words: core would fetch a tokenizer from the network. */
class OfflineModel extends FakeListChatModel {
  override async getNumTokens(content: unknown): Promise<number> {
    return String(content).split(/\s+/).length;
  }
}

/** A model that gives these replies in turn, with every prompt that it was asked. */
export function fakeModel(...responses: string[]): {
  readonly model: FakeListChatModel;
  readonly prompts: BaseMessage[][];
} {
  const prompts: BaseMessage[][] = [];
  const handleChatModelStart = (_: unknown, [prompt = []]: BaseMessage[][]): void => {
    prompts.push(prompt);
  };
  return { model: new OfflineModel({ responses, callbacks: [{ handleChatModelStart }] }), prompts };
}
