import type { BaseListChatMessageHistory } from "@langchain/core/chat_history";
import type { BaseMessage } from "@langchain/core/messages";
import { windowLength } from "../history/window.ts";
import type { AddedIds, ChatLog, NewestFound } from "./chat-log.ts";
import { findNewestId, idsOf } from "./logged-messages.ts";

const numbers = new WeakMap<object, number>();
let lastNumber = 0;

function numberOf(value: object): number {
  const number = numbers.get(value) ?? ++lastNumber;
  numbers.set(value, number);
  return number;
}

/** Most classes keep a session's id in `sessionId`. Without one, two objects are two logs. */
function keyOfHistory(history: object): string {
  const sessionId: unknown = Reflect.get(history, "sessionId");
  if (typeof sessionId !== "string") return `history ${numberOf(history)}`;
  return JSON.stringify([numberOf(history.constructor), sessionId]);
}

/** The log in a history of any other class: such a history can only be read as a whole. */
export class ListLog implements ChatLog {
  readonly key: string;
  readonly #history: BaseListChatMessageHistory;
  #read: Promise<BaseMessage[]> | undefined;

  constructor(history: BaseListChatMessageHistory) {
    this.key = keyOfHistory(history);
    this.#history = history;
  }

  async readWindow(maxMessages: number | undefined): Promise<BaseMessage[]> {
    const messages = await this.#readOnce();
    if (maxMessages === undefined) return messages;
    const length = windowLength(messages.toReversed(), maxMessages, { complete: true, start: "any" }) ?? 0;
    return messages.slice(messages.length - length);
  }

  async findNewest(ids: ReadonlySet<string>): Promise<NewestFound> {
    return { newest: findNewestId(await this.#readOnce(), ids), cursor: undefined };
  }

  /** The ids of all messages: where a history drops or expires messages, their number tells nothing. */
  async idsAddedAfter(): Promise<AddedIds> {
    return { ids: idsOf(await this.#history.getMessages()), cursor: undefined };
  }

  append(messages: readonly BaseMessage[]): Promise<void> {
    return this.#history.addMessages([...messages]);
  }

  #readOnce(): Promise<BaseMessage[]> {
    this.#read ??= this.#history.getMessages();
    return this.#read;
  }
}
