import type { BaseListChatMessageHistory } from "@langchain/core/chat_history";
import type { BaseMessage } from "@langchain/core/messages";
import type { Contender, SessionUnderTest } from "./contender.ts";

/** Any LangChain history as a contender: by LangChain's own methods, a window being what `newest` gives. */
export class LangChainContender<History extends BaseListChatMessageHistory> implements Contender {
  readonly name: string;
  readonly #make: (sessionId: string) => History;
  readonly #newest: (history: History, size: number) => Promise<BaseMessage[]>;
  readonly #stop: () => Promise<void>;

  constructor(
    name: string,
    make: (sessionId: string) => History,
    newest: (history: History, size: number) => Promise<BaseMessage[]> = sliceNewest,
    stop: () => Promise<void> = async () => {},
  ) {
    this.name = name;
    this.#make = make;
    this.#newest = newest;
    this.#stop = stop;
  }

  open(sessionId: string): SessionUnderTest {
    const history = this.#make(sessionId);
    const newest = this.#newest;
    return {
      add: (message) => history.addMessage(message),
      addAll: (messages) => history.addMessages([...messages]),
      addEach: (messages) => Promise.all(messages.map((message) => history.addMessage(message))),
      read: () => history.getMessages(),
      window: (size) => newest(history, size),
    };
  }

  request(sessionId: string, size: number): Promise<BaseMessage[]> {
    return this.#newest(this.#make(sessionId), size);
  }

  history(sessionId: string): History {
    return this.#make(sessionId);
  }

  stop(): Promise<void> {
    return this.#stop();
  }
}

/** Where the class has no window of its own, its user reads all and keeps the end. */
async function sliceNewest(history: BaseListChatMessageHistory, size: number): Promise<BaseMessage[]> {
  return (await history.getMessages()).slice(-size);
}
