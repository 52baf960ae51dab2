import type { BaseMessage } from "@langchain/core/messages";
import { z } from "zod";
import type { ChatLog } from "./log.ts";
import { cutWindow } from "./prompt.ts";

/**
 * What the agent's state holds of a run: where a checkpointer keeps it, another process can go on from it. It is seen in
 * streams of state, so that it holds no message.
 */
export interface RunRecord {
  /** Absent after a run whose messages are all in the log. */
  readonly running?: boolean | undefined;
  /** Where the log ended when the run began; absent where it was empty. */
  readonly cursor?: string | undefined;
  /** Up to and including the message of this id, all of the state's messages are in the log. */
  readonly logged?: string | undefined;
  /** Those beyond it that were in the log when the run began. */
  readonly known?: readonly string[] | undefined;
}

const recordSchema = z.object({
  running: z.boolean().optional(),
  cursor: z.string().optional(),
  logged: z.string().optional(),
  known: z.array(z.string()).optional(),
});

/** What a checkpoint gives back; undefined where there is none, or of another form. */
export function readRecord(value: unknown): RunRecord | undefined {
  return recordSchema.safeParse(value).data;
}

/** LangChain.js's summarization puts one message in the place of many. */
export function hasSummary(messages: readonly BaseMessage[]): boolean {
  return messages.some(isSummary);
}

function isSummary({ additional_kwargs: kwargs }: BaseMessage): boolean {
  return kwargs["lc_source"] === "summarization";
}

/** Neither a removal nor a summary was said by anyone. */
function isSaid(message: BaseMessage): boolean {
  return message.type !== "remove" && !isSummary(message);
}

/** How a run puts what is stored in front of the prompt. */
export interface Loading {
  readonly load: boolean;
  readonly maxMessages: number | undefined;
}

/** One run in the memory of this process: what is stored in front of it, what was said in it, and what of that is logged. */
export class Run {
  readonly window: readonly BaseMessage[];
  #said: readonly BaseMessage[] = [];
  readonly #logged: Set<unknown>;

  constructor(window: readonly BaseMessage[], logged: Iterable<unknown>) {
    this.window = window;
    this.#logged = new Set(logged);
  }

  /** Takes note of the state's messages, as they are now, in their order now. What is no longer among them stays. */
  hear(messages: readonly BaseMessage[]): void {
    this.#said = mergeStates(this.#said, messages.filter(isSaid));
  }

  /** Logs what was said and is not in the log yet, in one write. */
  async save(log: ChatLog): Promise<void> {
    const messages = this.#said.filter((message) => !this.#logged.has(keyOf(message)));
    if (messages.length === 0) return;
    await log.append(messages);
    for (const message of messages) this.#logged.add(keyOf(message));
  }
}

/**
 * A run, given what the state's messages are and, where it or the thread's last one has come to no end, what they were in it.
 * @param states - oldest first
 * @param record - of this run, where it began elsewhere or a checkpoint gave it back, else of the thread's last one
 */
export async function openRun(
  states: readonly (readonly BaseMessage[])[],
  record: RunRecord | undefined,
  log: ChatLog,
  { load, maxMessages }: Loading,
): Promise<{ readonly run: Run; readonly record: RunRecord }> {
  const [{ logged, cursor }, stored] = await Promise.all([
    findLogged(states, record, log),
    load ? log.window(maxMessages) : Promise.resolve([]),
  ]);
  const run = new Run(cutWindow(stored, states.flat()), logged);
  for (const state of states) run.hear(state);
  return { run, record: { running: true, cursor, ...describeLogged(states.at(-1) ?? [], logged) } };
}

/** A run that came to no end is looked up message by message: what it logged may have others' rows around it. */
async function findLogged(
  states: readonly (readonly BaseMessage[])[],
  record: RunRecord | undefined,
  log: ChatLog,
): Promise<{ readonly logged: ReadonlySet<unknown>; readonly cursor: string | undefined }> {
  const before = loggedBefore(states, record);
  if (record?.running) {
    const { ids, cursor } = await log.since(record.cursor);
    return { logged: new Set([...before, ...(record.known ?? []), ...ids]), cursor };
  }
  const given = states.flat().filter((message) => isSaid(message) && !before.has(keyOf(message)));
  const { newest, cursor } = await log.recognize(given);
  // What stands before it was logged as well, and may have expired or been deleted since.
  const end = given.findLastIndex(({ id }) => id !== undefined && id === newest) + 1;
  return { logged: new Set([...before, ...given.slice(0, end).map(keyOf)]), cursor };
}

/** What is left of a run whose messages are all in the log. */
export function endRecord(messages: readonly BaseMessage[]): RunRecord {
  return { logged: messages.at(-1)?.id };
}

function keyOf(message: BaseMessage): unknown {
  return message.id ?? message;
}

/** The messages as they are now, and those that are gone, each behind what it followed. */
function mergeStates(before: readonly BaseMessage[], now: readonly BaseMessage[]): BaseMessage[] {
  const present = new Set(now.map(keyOf));
  const gone = new Map<unknown, BaseMessage[]>();
  let followed: unknown;
  for (const message of before) {
    if (present.has(keyOf(message))) followed = keyOf(message);
    else gone.set(followed, [...(gone.get(followed) ?? []), message]);
  }
  const behind = (key: unknown): BaseMessage[] => gone.get(key) ?? [];
  return [...behind(undefined), ...now.flatMap((message) => [message, ...behind(keyOf(message))])];
}

function loggedBefore(states: readonly (readonly BaseMessage[])[], record: RunRecord | undefined): Set<unknown> {
  if (record?.logged === undefined) return new Set();
  const ends = states.map((messages) => messages.findIndex(({ id }) => id === record.logged) + 1);
  return new Set(states.flatMap((messages, at) => messages.slice(0, ends[at]).map(keyOf)));
}

/** As few ids as tell which of the messages are in the log. */
function describeLogged(messages: readonly BaseMessage[], logged: ReadonlySet<unknown>): RunRecord {
  const first = messages.findIndex((message) => isSaid(message) && !logged.has(keyOf(message)));
  const end = first < 0 ? messages.length : first;
  const known = messages.slice(end).flatMap(({ id }) => (id !== undefined && logged.has(id) ? id : []));
  return { logged: messages[end - 1]?.id, ...(known.length > 0 && { known }) };
}
