import type { BaseMessage } from "@langchain/core/messages";
import { answeredCall, madeCalls } from "../history/tool-calls.ts";

/** A message, and the tool messages that follow it directly. */
interface Round {
  readonly messages: readonly BaseMessage[];
  /** Whether every call of the message has its answer, and every answer its call. */
  readonly whole: boolean;
}

function splitRounds(messages: readonly BaseMessage[]): Round[] {
  const groups: BaseMessage[][] = [];
  for (const message of messages) {
    const last = groups.at(-1);
    if (message.type === "tool" && last !== undefined) last.push(message);
    else groups.push([message]);
  }
  return groups.map((group) => ({ messages: group, whole: isWhole(group) }));
}

function isWhole([head, ...answers]: readonly BaseMessage[]): boolean {
  if (head === undefined || head.type === "tool") return false;
  const calls = new Set(madeCalls(head));
  const answered = new Set(answers.map(answeredCall));
  return calls.size === answered.size && [...calls].every((id) => id !== undefined && answered.has(id));
}

/**
 * What a model provider takes of what is stored: a message whose calls are not all answered, answers without their call
 * and remove rows are refused by it.
 */
export function promptable(stored: readonly BaseMessage[]): BaseMessage[] {
  const messages = stored.filter(({ type }) => type !== "remove");
  return splitRounds(messages).flatMap((round) => {
    if (round.whole) return round.messages;
    const [head] = round.messages;
    return head === undefined || head.type === "tool" || madeCalls(head).length > 0 ? [] : [head];
  });
}
