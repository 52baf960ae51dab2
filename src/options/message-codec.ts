import type { BaseMessage } from "@langchain/core/messages";

/** Where a message is stored. */
export interface MessageContext {
  readonly sessionId: string;
  /** The entry's id: a timeuuid. */
  readonly id: string;
}

/**
 * How a message becomes the text of its row, and text a message: for encryption, compression or a form of your own.
 *
 * `encode` runs before anything of the call is written; where it throws or gives no string, the call rejects with
 * `INVALID_MESSAGE`. Where `decode` throws or gives no message, the row is corrupt and `onCorruptRow` decides.
 */
export interface MessageCodec {
  encode(message: BaseMessage, context: MessageContext): string;
  decode(text: string, context: MessageContext): BaseMessage;
}
