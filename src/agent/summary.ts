import { isDeepStrictEqual } from "node:util";
import type { BaseMessage } from "@langchain/core/messages";

/** The key of `additional_kwargs` under which LangChain's `summarizationMiddleware` marks its summaries (1.3 to 1.5). */
export const SOURCE_KEY = "lc_source";
export const SUMMARIZATION = "summarization";

/** The messages of an agent's state at one moment. */
export interface MessagesState {
  readonly messages: readonly BaseMessage[];
  /** That of the messages which is a summary made by a middleware. */
  readonly summary: BaseMessage | undefined;
}

/** The key by which a message is recognized in another state: its id, or the message itself where it has none. */
export function keyOf(message: BaseMessage): unknown {
  return message.id ?? message;
}

/** The first message that could be a summary. A caller can send such a message as well. */
export function findMarked(messages: readonly BaseMessage[]): BaseMessage | undefined {
  return beginningOf(messages).find(isMarked);
}

/**
 * Finds the summary that a middleware made of the beginning of the conversation, or undefined.
 *
 * The mark alone proves nothing, since a caller can send it. A summary stands at the beginning of the state, was not there
 * before, and the messages that began the state before are gone. What a caller, a model or a tool adds stands at the end.
 */
export function findSummary(before: MessagesState, messages: readonly BaseMessage[]): BaseMessage | undefined {
  return beginningOf(messages).find((message) => isMarked(message) && isSummary(message, before, messages));
}

function isSummary(message: BaseMessage, before: MessagesState, messages: readonly BaseMessage[]): boolean {
  const earlier = before.messages.find((other) => keyOf(other) === keyOf(message));
  if (earlier !== undefined && isDeepStrictEqual(earlier.content, message.content)) return earlier === before.summary;
  // LangChain 1.5 gives a summary the id of the first message that it replaces.
  const kept = new Set(messages.filter((other) => other !== message).map(keyOf));
  return beginningOf(before.messages).some((other) => !kept.has(keyOf(other)));
}

/** The leading system messages, and the message after them. */
function beginningOf(messages: readonly BaseMessage[]): readonly BaseMessage[] {
  const first = messages.findIndex(({ type }) => type !== "system");
  return first < 0 ? messages : messages.slice(0, first + 1);
}

/** A model's reply or a tool's answer is never a summary, whatever its mark. */
function isMarked({ type, additional_kwargs: kwargs }: BaseMessage): boolean {
  return (type === "human" || type === "system") && kwargs?.[SOURCE_KEY] === SUMMARIZATION;
}
