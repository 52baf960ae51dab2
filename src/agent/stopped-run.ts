import type { ChatLog } from "./chat-log.ts";
import { type LoggedMessages, loggedByRecord, type States } from "./logged-messages.ts";
import type { RunRecord } from "./run-record.ts";

/*
 * A run can stop before its end: an error, an interrupt, a middleware that jumps to the end. When the thread runs again, the
 * messages of that run that are not in the log yet are logged.
 */

/**
 * Finds which messages of a run that stopped are in the log. Each is looked for by its id, since messages of other runs may
 * stand between those that it logged.
 */
export async function findLoggedByStoppedRun(states: States, record: RunRecord, log: ChatLog): Promise<LoggedMessages> {
  const { ids, cursor } = await log.idsAddedAfter(record.cursor);
  return { keys: new Set([...loggedByRecord(states, record), ...(record.known ?? []), ...ids]), cursor };
}
