import { createHash } from "node:crypto";
import type { BaseMessage } from "@langchain/core/messages";
import { z } from "zod";
import { findMarked, keyOf } from "./summary.ts";

/**
 * What the agent's state holds about a run. A checkpointer keeps it, so that another process can continue the run.
 * Streams of the whole state show it, so that it holds ids and no messages.
 */
export interface RunRecord {
  /** True from the run's beginning; absent once all of the run's messages are in the log. */
  readonly running?: boolean | undefined;
  /** The entry id of the log's newest message when the run began; absent where the log was empty. */
  readonly cursor?: string | undefined;
  /** All messages of the state up to this id were in the log when the record was made. */
  readonly logged?: string | undefined;
  /** The ids of later messages that were in the log as well. */
  readonly known?: readonly string[] | undefined;
  /** A hash of a message that has a summary's mark but is no summary: the caller gave it. */
  readonly marked?: string | undefined;
}

const recordSchema = z.object({
  running: z.boolean().optional(),
  cursor: z.string().optional(),
  logged: z.string().optional(),
  known: z.array(z.string()).optional(),
  marked: z.string().optional(),
});

/** Reads a record from the state; undefined where there is none, or one of another form. */
export function readRecord(value: unknown): RunRecord | undefined {
  return recordSchema.safeParse(value).data;
}

/**
 * Whether two records were made while the log was the same. A thread's next run makes such a record anew where the run
 * before it stopped and logged nothing.
 */
export function haveSameLog(one: RunRecord | undefined, other: RunRecord | undefined): boolean {
  return JSON.stringify({ ...one, marked: undefined }) === JSON.stringify({ ...other, marked: undefined });
}

/**
 * The record of a run that begins.
 * @param messages - of the state
 * @param summaries - those of the messages that are summaries
 * @param logged - the keys of the messages that are in the log
 */
export function startRecord(
  messages: readonly BaseMessage[],
  summaries: ReadonlySet<BaseMessage>,
  logged: ReadonlySet<unknown>,
  cursor: string | undefined,
): RunRecord {
  const first = messages.findIndex((message) => !logged.has(keyOf(message)));
  const end = first < 0 ? messages.length : first;
  const known = messages.slice(end).flatMap(({ id }) => (id !== undefined && logged.has(id) ? id : []));
  const marked = findMarked(messages);
  return {
    running: true,
    cursor,
    logged: messages[end - 1]?.id,
    ...(known.length > 0 && { known }),
    ...(marked !== undefined && !summaries.has(marked) && { marked: hashText(marked) }),
  };
}

/** Whether the marked message is the one that the record names. An id tells nothing: a summary can take it over. */
export function namesMarked(record: RunRecord, marked: BaseMessage): boolean {
  return record.marked === hashText(marked);
}

/** Summaries are strings. All other content has one hash, which no summary has. */
function hashText({ content }: BaseMessage): string {
  return createHash("sha256")
    .update(typeof content === "string" ? content : "")
    .digest("base64url");
}

/** The record of a run whose messages are all in the log. */
export function endRecord(messages: readonly BaseMessage[]): RunRecord {
  return { logged: messages.at(-1)?.id };
}
