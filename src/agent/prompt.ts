import type { BaseMessage } from "@langchain/core/messages";
import { promptable } from "./rounds.ts";

/**
 * What stands in front of the run's own messages: the stored ones before the first that the run was given as well, since a
 * client that sends its transcript again says how it goes on from there. Several providers refuse a system message that is
 * not the first, and a conversation that the model begins: the window is without the former, and begins with a question
 * where it has one.
 */
export function cutWindow(stored: readonly BaseMessage[], given: readonly BaseMessage[]): BaseMessage[] {
  const ids = new Set(given.map(({ id }) => id));
  const end = stored.findIndex(({ id }) => id !== undefined && ids.has(id));
  const said = stored.slice(0, end < 0 ? undefined : end).filter(({ type }) => type !== "system");
  const question = said.findIndex(({ type }) => type === "human");
  return promptable(said.slice(Math.max(question, 0)));
}

/**
 * The window in front of the request's messages. System messages that lead these stay in the lead: several providers take
 * them nowhere else. A thread may hold a run that was given up amid its calls: what precedes the newest question is looked
 * through as the window is.
 */
export function buildPrompt(window: readonly BaseMessage[], messages: readonly BaseMessage[]): BaseMessage[] {
  const first = messages.findIndex(({ type }) => type !== "system");
  const lead = first < 0 ? messages.length : first;
  const question = Math.max(
    messages.findLastIndex(({ type }) => type === "human"),
    lead,
  );
  const earlier = promptable(messages.slice(lead, question));
  return [...messages.slice(0, lead), ...window, ...earlier, ...messages.slice(question)];
}
