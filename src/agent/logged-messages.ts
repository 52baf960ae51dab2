import type { BaseMessage } from "@langchain/core/messages";
import type { ChatLog } from "./chat-log.ts";
import type { RunRecord } from "./run-record.ts";
import { keyOf } from "./summary.ts";

/** Which messages are in the log already. */
export interface LoggedMessages {
  readonly keys: ReadonlySet<unknown>;
  /** The entry id of the log's newest message; undefined where the log is empty, or has no such ids. */
  readonly cursor: string | undefined;
}

/** The messages of some states of a run, oldest state first. */
export type States = readonly (readonly BaseMessage[])[];

/**
 * Finds which messages of a run that begins are in the log.
 *
 * They are looked for among the log's newest entries and in the window. Where one is found, all messages before it count as
 * logged, too: messages are logged in order. Those may have been deleted since, or have expired; they are not logged again.
 */
export async function findLogged(
  given: readonly BaseMessage[],
  states: States,
  record: RunRecord | undefined,
  log: ChatLog,
  window: Promise<readonly BaseMessage[]>,
): Promise<LoggedMessages> {
  const keys = loggedByRecord(states, record);
  const rest = given.filter((message) => !keys.has(keyOf(message)));
  const ids = idsOf(rest);
  const [{ newest, cursor }, stored] = await Promise.all([log.findNewest(ids), window]);
  const found = newest ?? findNewestId(stored, ids);
  const end = rest.findLastIndex(({ id }) => id !== undefined && id === found) + 1;
  return { keys: new Set([...keys, ...rest.slice(0, end).map(keyOf)]), cursor };
}

/** The keys of the messages that the record says are in the log. */
export function loggedByRecord(states: States, record: RunRecord | undefined): Set<unknown> {
  const last = record?.logged;
  if (last === undefined) return new Set();
  return new Set(
    states.flatMap((messages) => messages.slice(0, messages.findIndex(({ id }) => id === last) + 1).map(keyOf)),
  );
}

export function idsOf(messages: readonly BaseMessage[]): Set<string> {
  return new Set(messages.flatMap(({ id }) => id ?? []));
}

/** Of the messages whose id is one of these, the id of the newest. */
export function findNewestId(messages: readonly BaseMessage[], ids: ReadonlySet<string>): string | undefined {
  return messages.findLast(({ id }) => id !== undefined && ids.has(id))?.id;
}
