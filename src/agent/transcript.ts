import type { BaseMessage } from "@langchain/core/messages";
import { findSummaries, keyOf, type MessagesState } from "./summary.ts";

/**
 * Every message of a run, in order, put together from the states of the agent: a message that a middleware removes from the
 * state, or replaces by a summary, stays in the transcript. Summaries and remove messages are not in it.
 */
export class Transcript {
  #messages: readonly BaseMessage[] = [];
  #state: MessagesState;

  /** @param first - the oldest known state of the run */
  constructor(first: MessagesState) {
    this.#state = first;
    this.addState(first.messages);
  }

  get messages(): readonly BaseMessage[] {
    return this.#messages;
  }

  /** The summaries that stand in the newest state. */
  get summaries(): ReadonlySet<BaseMessage> {
    return this.#state.summaries;
  }

  /** Adds what is new in a later state, and takes over what a middleware has changed in it. */
  addState(messages: readonly BaseMessage[]): void {
    const summaries = findSummaries(this.#state, messages);
    this.#state = { messages, summaries };
    this.#messages = mergeMessages(
      this.#messages,
      messages.filter((message) => !summaries.has(message) && message.type !== "remove"),
    );
  }
}

/** The messages of the later state, and those that are gone, each behind the message that it followed. */
function mergeMessages(earlier: readonly BaseMessage[], later: readonly BaseMessage[]): BaseMessage[] {
  const present = new Set(later.map(keyOf));
  const gone = new Map<unknown, BaseMessage[]>([[undefined, []]]);
  let behind: unknown;
  for (const message of earlier) {
    const key = keyOf(message);
    if (present.has(key)) {
      behind = key;
      gone.set(key, []);
    } else gone.get(behind)?.push(message);
  }
  return [
    ...(gone.get(undefined) ?? []),
    ...later.flatMap((message) => [message, ...(gone.get(keyOf(message)) ?? [])]),
  ];
}
