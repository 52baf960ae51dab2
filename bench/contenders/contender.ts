import type { BaseListChatMessageHistory } from "@langchain/core/chat_history";
import type { BaseMessage } from "@langchain/core/messages";
import type { Sample } from "../measure.ts";

/** A chat-history store under measurement. */
export interface Contender {
  readonly name: string;
  /** It does not keep all that it is told, or not as it was: of what it gives back, only the number is compared. */
  readonly lossy: boolean;
  /** Each history opens a client of its own. */
  readonly opensClients: boolean;
  /** One session, kept open. */
  open(sessionId: string): SessionUnderTest;
  /** Writes a session that is only read from then on. */
  fill(sessionId: string, messages: readonly BaseMessage[]): Promise<void>;
  /** The window as a request handler reads it: with a history of its own. */
  request(sessionId: string, size: number): Promise<BaseMessage[]>;
  /** What LangChain's own `RunnableWithMessageHistory` is given. */
  history(sessionId: string): BaseListChatMessageHistory;
  /** Ends what its open sessions hold; none of them is used again. */
  release(): Promise<void>;
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

/** A store of another language, in a process of its own that does the same, checks it and takes the time itself. */
export interface RemoteContender {
  readonly name: string;
  prepare(task: Task): Promise<(operations: number) => Promise<Sample>>;
  stop(): Promise<void>;
}

/** An operation in words that another process understands. */
export interface Task {
  readonly does: "add" | "append" | "read" | "request" | "runnable";
  /** How many messages one call adds, or gives back. */
  readonly size: number;
  /** What there is to write, or what is written before it is read. */
  readonly messages: readonly BaseMessage[];
}
