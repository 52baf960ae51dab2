import { setImmediate } from "node:timers/promises";
import type { BaseListChatMessageHistory } from "@langchain/core/chat_history";
import type { BaseMessage } from "@langchain/core/messages";
import type { Contender, SessionUnderTest } from "./contender.ts";

interface Traits<History> {
  /** What a user of the class does for a window. Default: where it has none, they read all and keep the end. */
  readonly newest?: (history: History, size: number) => Promise<BaseMessage[]>;
  /** Ends the client that each history opens. */
  readonly close?: (history: History) => Promise<unknown>;
  /** Messages of one millisecond overwrite each other. */
  readonly lossy?: boolean;
  readonly stop?: () => Promise<unknown>;
}

/** Any LangChain history as a contender, by LangChain's own methods. */
export class LangChainContender<History extends BaseListChatMessageHistory> implements Contender {
  readonly name: string;
  readonly lossy: boolean;
  readonly opensClients: boolean;
  readonly #make: (sessionId: string) => History;
  readonly #traits: Traits<History>;
  readonly #newest: (history: History, size: number) => Promise<BaseMessage[]>;
  readonly #held: History[] = [];

  constructor(name: string, make: (sessionId: string) => History, traits: Traits<History> = {}) {
    this.name = name;
    this.lossy = traits.lossy ?? false;
    this.opensClients = traits.close !== undefined;
    this.#make = make;
    this.#traits = traits;
    this.#newest = traits.newest ?? (async (history, size) => (await history.getMessages()).slice(-size));
  }

  open(sessionId: string): SessionUnderTest {
    const history = this.history(sessionId);
    const newest = this.#newest;
    return {
      add: (message) => history.addMessage(message),
      addAll: (messages) => history.addMessages([...messages]),
      addEach: (messages) => Promise.all(messages.map((message) => history.addMessage(message))),
      read: () => history.getMessages(),
      window: (size) => newest(history, size),
    };
  }

  async fill(sessionId: string, messages: readonly BaseMessage[]): Promise<void> {
    const session = this.open(sessionId);
    if (!this.lossy) return session.addAll(messages);
    for (const message of messages) {
      const now = Date.now();
      while (Date.now() === now) await setImmediate();
      await session.add(message);
    }
  }

  request(sessionId: string, size: number): Promise<BaseMessage[]> {
    return this.#newest(this.history(sessionId), size);
  }

  history(sessionId: string): History {
    const history = this.#make(sessionId);
    if (this.opensClients) this.#held.push(history);
    return history;
  }

  async release(): Promise<void> {
    await Promise.all(this.#held.splice(0).map((history) => this.#traits.close?.(history)));
  }

  async stop(): Promise<void> {
    await this.release();
    await this.#traits.stop?.();
  }
}
