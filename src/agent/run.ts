import type { BaseMessage } from "@langchain/core/messages";
import type { ChatLog } from "./chat-log.ts";
import { logWrites } from "./log-writes.ts";
import { findLogged, type LoggedMessages } from "./logged-messages.ts";
import { cutWindow } from "./prompt.ts";
import { namesMarked, type RunRecord, startRecord } from "./run-record.ts";
import { findLoggedByStoppedRun } from "./stopped-run.ts";
import { findMarked, keyOf } from "./summary.ts";
import { Transcript } from "./transcript.ts";

/** The agent's state at one moment, as the middleware uses it. */
export interface AgentState {
  readonly messages: readonly BaseMessage[];
  readonly record: RunRecord | undefined;
}

/** How a run puts stored messages in front of the prompt. */
export interface Loading {
  readonly load: boolean;
  readonly maxMessages: number | undefined;
}

/** One run in the memory of this process: its window, its transcript, and what of that is in the log. */
export class Run {
  /** The stored messages that stand in front of the run's own in the prompt. */
  readonly window: readonly BaseMessage[];
  readonly #transcript: Transcript;
  /** The messages that the run did not make itself: another run may have been given them, too. */
  readonly #given: ReadonlySet<unknown>;
  readonly #logged: Set<unknown>;
  #cursor: string | undefined;
  /** The moment, by `logWrites`, up to which `#logged` holds what other runs have logged. */
  #readAt: number;

  constructor(window: readonly BaseMessage[], transcript: Transcript, logged: LoggedMessages, readAt: number) {
    this.window = window;
    this.#transcript = transcript;
    this.#given = new Set(transcript.messages.map(keyOf));
    this.#logged = new Set(logged.keys);
    this.#cursor = logged.cursor;
    this.#readAt = readAt;
  }

  addState(messages: readonly BaseMessage[]): void {
    this.#transcript.addState(messages);
  }

  /** Logs, in one write, the messages that are not in the log yet. */
  async save(log: ChatLog): Promise<void> {
    if (this.#findUnlogged().length > 0) await logWrites.runAlone(log.key, () => this.#write(log));
  }

  async #write(log: ChatLog): Promise<void> {
    await this.#readWritesOfOthers(log);
    const messages = this.#findUnlogged();
    if (messages.length === 0) return;
    try {
      await log.append(messages);
    } finally {
      logWrites.note(log.key);
    }
    for (const message of messages) this.#logged.add(keyOf(message));
    this.#readAt = logWrites.now;
  }

  /** Reads what other runs of the process have logged in the meantime of what this run was given. */
  async #readWritesOfOthers(log: ChatLog): Promise<void> {
    if (!logWrites.hasWriteSince(log.key, this.#readAt)) return;
    if (!this.#findUnlogged().some((message) => this.#given.has(keyOf(message)))) return;
    const readAt = logWrites.now;
    const { ids, cursor } = await log.idsAddedAfter(this.#cursor);
    for (const id of ids) if (this.#given.has(id)) this.#logged.add(id);
    this.#cursor = cursor;
    this.#readAt = readAt;
  }

  #findUnlogged(): BaseMessage[] {
    return this.#transcript.messages.filter((message) => !this.#logged.has(keyOf(message)));
  }
}

/**
 * Opens a run that begins here, or that another process or an earlier `invoke` has begun.
 * @param earlier - states of the run, or of the thread's last run where that stopped before its end; oldest first
 */
export async function openRun(
  earlier: readonly AgentState[],
  state: AgentState,
  log: ChatLog,
  { load, maxMessages }: Loading,
): Promise<{ readonly run: Run; readonly record: RunRecord }> {
  const readAt = logWrites.now;
  const { messages, record } = state;
  const states = [...earlier.map((one) => one.messages), messages];
  const transcript = buildTranscript(earlier[0] ?? state, states.slice(1));
  const window = load ? log.readWindow(maxMessages) : Promise.resolve([]);
  const finding = record?.running
    ? findLoggedByStoppedRun(states, record, log)
    : findLogged(transcript.messages, states, record, log, window);
  const [logged, stored] = await Promise.all([finding, window]);
  const run = new Run(cutWindow(stored, states.flat()), transcript, logged, readAt);
  return { run, record: startRecord(messages, transcript.summaries, logged.keys, logged.cursor) };
}

function buildTranscript(first: AgentState, later: readonly (readonly BaseMessage[])[]): Transcript {
  const { messages, record } = first;
  const marked = findMarked(messages);
  // Without a record, the caller gave all messages. A record names the marked message that a caller gave.
  const isSummary = marked !== undefined && record !== undefined && !namesMarked(record, marked);
  const transcript = new Transcript({ messages, summaries: new Set(isSummary ? [marked] : []) });
  for (const state of later) transcript.addState(state);
  return transcript;
}
