import { type BaseMessage, mapStoredMessagesToChatMessages } from "@langchain/core/messages";
import type { MessageCodec } from "./codec.ts";

/** LangChain's stored-message form, `{"type": …, "data": {…}}`, as one JSON text. */
export const jsonCodec: MessageCodec = Object.freeze({
  encode(message: BaseMessage): string {
    return JSON.stringify(message.toDict());
  },
  decode(text: string): BaseMessage {
    const [message] = mapStoredMessagesToChatMessages([JSON.parse(text)]);
    if (message === undefined) throw new TypeError("Expected one stored message.");
    return message;
  },
});
