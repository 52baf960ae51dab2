import { isDeepStrictEqual } from "node:util";
import type { BaseMessage } from "@langchain/core/messages";

/** The key of `additional_kwargs` under which LangChain's `summarizationMiddleware` marks its summaries (1.3 to 1.5). */
export const SOURCE_KEY = "lc_source";
export const SUMMARIZATION = "summarization";

/** The messages of an agent's state at one moment. */
export interface MessagesState {
  readonly messages: readonly BaseMessage[];
  /** Those of the messages that are summaries made by a middleware. */
  readonly summaries: ReadonlySet<BaseMessage>;
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
 * Finds the summaries that middleware made of the beginning of the conversation.
 *
 * The mark alone proves nothing, since a caller can send it. A new summary stands at the beginning of the state, and messages
 * that began the state before are gone. What a caller, a model or a tool adds stands at the end.
 */
export function findSummaries(before: MessagesState, messages: readonly BaseMessage[]): Set<BaseMessage> {
  const marked = messages.filter(isMarked);
  return new Set(marked.filter((message) => isKeptSummary(message, before) ?? isNewSummary(message, before, messages)));
}

/** Undefined where the message was not there before. */
function isKeptSummary(message: BaseMessage, before: MessagesState): boolean | undefined {
  const earlier = before.messages.find((other) => keyOf(other) === keyOf(message));
  // LangChain 1.5 gives a summary the id of the first message that it replaces.
  const isKept = earlier !== undefined && isDeepStrictEqual(earlier.content, message.content);
  return isKept ? before.summaries.has(earlier) : undefined;
}

function isNewSummary(message: BaseMessage, before: MessagesState, messages: readonly BaseMessage[]): boolean {
  if (!beginningOf(messages).includes(message)) return false;
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
