import type { BaseMessage } from "@langchain/core/messages";
import { FakeListChatModel } from "@langchain/core/utils/testing";

/** Counts words as tokens, as core would fetch a tokenizer from the network. */
class OfflineModel extends FakeListChatModel {
  override async getNumTokens(content: unknown): Promise<number> {
    return String(content).split(/\s+/).length;
  }
}

/** A model that gives these replies in turn, and the prompts that it was given. */
export function recordingModel(...responses: string[]): {
  readonly model: FakeListChatModel;
  readonly prompts: BaseMessage[][];
} {
  const prompts: BaseMessage[][] = [];
  const handleChatModelStart = (_: unknown, [prompt = []]: BaseMessage[][]): void => {
    prompts.push(prompt);
  };
  return { model: new OfflineModel({ responses, callbacks: [{ handleChatModelStart }] }), prompts };
}
