import type { BaseMessage } from "@langchain/core/messages";

/** Where a message is stored. */
export interface MessageContext {
  /** The session of the history that writes or reads the row; in `fork`, the session that is copied, then the new one. */
  readonly sessionId: string;
  /** The entry's id: a timeuuid. It stays the same when the message is updated or copied to another session. */
  readonly id: string;
}

/**
 * How a message becomes the text of its row, and that text a message again: for compression or a form of your own.
 *
 * Both functions are synchronous and have to give the result itself, not a promise. A text has to hold all that `decode`
 * needs: an update and a copy to another session write it anew, and other processes read it.
 *
 * @example
 * ```ts
 * const codec: MessageCodec = {
 *   encode: (message) => JSON.stringify(message.toDict()),
 *   decode: (text) => mapStoredMessagesToChatMessages([JSON.parse(text)])[0] ?? new HumanMessage(""),
 * };
 * ```
 */
export interface MessageCodec {
  /**
   * Gives the text of a message. It is called for all messages of a call, in their order, before anything of the call is
   * written.
   *
   * The call rejects with `INVALID_MESSAGE`, and nothing of it is written, where `encode` throws, gives no string, or gives a
   * string with lone surrogates, which no UTF-8 can carry: encode bytes as base64, for instance. The error does not show
   * what `encode` threw.
   */
  encode(message: BaseMessage, context: MessageContext): string;

  /**
   * Gives the message of a text that `encode` gave, or that another writer stored in the table.
   *
   * Where `decode` throws or gives no message, the row is corrupt, and `onCorruptRow` decides. A `CORRUPT_ROW` error does not
   * show what `decode` threw; a function given as `onCorruptRow` gets it as `cause`.
   */
  decode(text: string, context: MessageContext): BaseMessage;
}
