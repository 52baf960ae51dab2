import { AIMessage, type AIMessageFields, type BaseMessage, HumanMessage } from "@langchain/core/messages";

export function numbered(count: number, from = 0): HumanMessage[] {
  return Array.from({ length: count }, (_, at) => new HumanMessage(`message ${from + at}`));
}

export function turn(number: number): [HumanMessage, AIMessage] {
  return [new HumanMessage(`question ${number}`), new AIMessage(`answer ${number}`)];
}

export function texts(messages: readonly BaseMessage[]): string[] {
  return messages.map((message) => message.text);
}

/** Of any fields that core takes at run time: its types infer some of them to be impossible. */
export function aiMessage(fields: Readonly<Record<string, unknown>>): AIMessage {
  return new AIMessage(fields as AIMessageFields);
}
