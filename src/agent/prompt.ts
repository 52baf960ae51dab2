import type { BaseMessage } from "@langchain/core/messages";
import { keepCompleteRounds } from "./rounds.ts";

/**
 * Cuts a window of the history so that a model provider accepts it in front of the run's own messages.
 *
 * - It ends before the first message that the run was given as well: a client that sends its transcript again decides what
 *   follows there.
 * - It has no system messages: several providers refuse one that is not the first message.
 * - It begins with a user's message where it has one: several providers refuse a conversation that the model begins.
 */
export function cutWindow(stored: readonly BaseMessage[], given: readonly BaseMessage[]): BaseMessage[] {
  const ids = new Set(given.map(({ id }) => id));
  const end = stored.findIndex(({ id }) => id !== undefined && ids.has(id));
  const conversation = stored.slice(0, end < 0 ? undefined : end).filter(({ type }) => type !== "system");
  const question = conversation.findIndex(({ type }) => type === "human");
  return keepCompleteRounds(conversation.slice(Math.max(question, 0)));
}

/**
 * Puts the window in front of the messages of a model call, behind the system messages that lead them.
 *
 * A thread may hold a run that stopped between a call and its answer, so that incomplete rounds before the newest user's
 * message are left out as well. The round that the run is in is left as it is.
 */
export function buildPrompt(window: readonly BaseMessage[], messages: readonly BaseMessage[]): BaseMessage[] {
  const first = messages.findIndex(({ type }) => type !== "system");
  const lead = first < 0 ? messages.length : first;
  const question = Math.max(
    messages.findLastIndex(({ type }) => type === "human"),
    lead,
  );
  const earlier = keepCompleteRounds(messages.slice(lead, question));
  return [...messages.slice(0, lead), ...window, ...earlier, ...messages.slice(question)];
}
