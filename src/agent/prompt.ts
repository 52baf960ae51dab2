import type { BaseMessage } from "@langchain/core/messages";
import { promptable } from "./rounds.ts";

/**
 * What stands in front of the run's own messages: the stored ones before the first that the run was given as well, since a
 * client that sends its transcript again says how it goes on from there.
 */
export function cutWindow(stored: readonly BaseMessage[], given: readonly BaseMessage[]): BaseMessage[] {
  const ids = new Set(given.map(({ id }) => id));
  const end = stored.findIndex(({ id }) => id !== undefined && ids.has(id));
  return promptable(stored.slice(0, end < 0 ? undefined : end));
}

/** System messages that lead the request stay in the lead: several providers take them nowhere else. */
export function prependWindow(window: readonly BaseMessage[], messages: readonly BaseMessage[]): BaseMessage[] {
  const lead = messages.findIndex(({ type }) => type !== "system");
  const at = lead < 0 ? messages.length : lead;
  return [...messages.slice(0, at), ...window, ...messages.slice(at)];
}
