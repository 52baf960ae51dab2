import type { BaseListChatMessageHistory } from "@langchain/core/chat_history";
import type { BaseMessage } from "@langchain/core/messages";

/** A chat-history store under measurement. */
export interface Contender {
  readonly name: string;
  /** One session, kept open. */
  open(sessionId: string): SessionUnderTest;
  /** The window as a request handler reads it: with a history of its own. */
  request(sessionId: string, size: number): Promise<BaseMessage[]>;
  /** What LangChain's own `RunnableWithMessageHistory` is given. */
  history(sessionId: string): BaseListChatMessageHistory;
  stop(): Promise<void>;
}

export interface SessionUnderTest {
  /** One message. */
  add(message: BaseMessage): Promise<void>;
  /** Several at once: a turn, or a long conversation. */
  addAll(messages: readonly BaseMessage[]): Promise<void>;
  /** Several as single calls that nobody awaits one by one. */
  addEach(messages: readonly BaseMessage[]): Promise<unknown>;
  read(): Promise<BaseMessage[]>;
  window(size: number): Promise<BaseMessage[]>;
}
