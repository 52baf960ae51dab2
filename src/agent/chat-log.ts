import type { BaseMessage } from "@langchain/core/messages";

/** The ids of some messages of the log. */
export interface AddedIds {
  readonly ids: ReadonlySet<string>;
  /** The entry id of the log's newest message; undefined where the log is empty, or has no such ids. */
  readonly cursor: string | undefined;
}

/** The newest of some messages in the log. */
export interface NewestFound {
  /** Its message id; undefined where none of them was found. */
  readonly newest: string | undefined;
  readonly cursor: string | undefined;
}

/** A history as the middleware uses it, for the length of one hook. */
export interface ChatLog {
  /** Tells this log from others of the process. */
  readonly key: string;
  /** The newest messages, oldest first. @param maxMessages - the history's own window where undefined */
  readWindow(maxMessages: number | undefined): Promise<BaseMessage[]>;
  /** Finds the newest message whose id is one of these. */
  findNewest(ids: ReadonlySet<string>): Promise<NewestFound>;
  /** Reads, anew, the ids of the messages that were added after the entry of this id; of all where it is undefined. */
  idsAddedAfter(cursor: string | undefined): Promise<AddedIds>;
  /** Adds the messages, all or none as far as the history can. */
  append(messages: readonly BaseMessage[]): Promise<void>;
}
