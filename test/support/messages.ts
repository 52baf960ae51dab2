import { AIMessage, type AIMessageFields, HumanMessage } from "@langchain/core/messages";

export const KIB: number = 2 ** 10;
export const MIB: number = 2 ** 20;
/** One MiB more than a server on default settings takes in one write. */
export const TOO_LARGE_BYTES: number = 17 * MIB;

/** Messages "message 0", "message 1" and so on, or from another number. */
export function numbered(count: number, from = 0): HumanMessage[] {
  return Array.from({ length: count }, (_, at) => new HumanMessage(`message ${from + at}`));
}

/** Messages of so many bytes each, which begin with their number. */
export function largeMessages(count: number, bytes: number): HumanMessage[] {
  return Array.from({ length: count }, (_, at) => new HumanMessage(`${at}${"x".repeat(bytes)}`));
}

export function turn(number: number): [HumanMessage, AIMessage] {
  return [new HumanMessage(`question ${number}`), new AIMessage(`answer ${number}`)];
}

export function texts(messages: readonly { readonly text: string }[]): string[] {
  return messages.map(({ text }) => text);
}

/** Takes any fields that core takes at run time: its types infer some of them to be impossible. */
export function aiMessage(fields: Readonly<Record<string, unknown>>): AIMessage {
  return new AIMessage(fields as AIMessageFields);
}
