import type { BaseMessage } from "@langchain/core/messages";
import { answeredCall, madeCalls } from "../history/tool-calls.ts";

/** A message, and the tool messages that directly follow it. */
type Round = readonly BaseMessage[];

/**
 * Keeps what model providers accept in a prompt. They refuse a message whose tool calls are not all answered, a tool message
 * without its call, and remove messages.
 */
export function keepCompleteRounds(messages: readonly BaseMessage[]): BaseMessage[] {
  return splitRounds(messages.filter(({ type }) => type !== "remove")).flatMap((round) => {
    if (isComplete(round)) return round;
    const [first] = round;
    return first === undefined || first.type === "tool" || madeCalls(first).length > 0 ? [] : [first];
  });
}

function splitRounds(messages: readonly BaseMessage[]): Round[] {
  const rounds: BaseMessage[][] = [];
  for (const message of messages) {
    const last = rounds.at(-1);
    if (message.type === "tool" && last !== undefined) last.push(message);
    else rounds.push([message]);
  }
  return rounds;
}

/** Whether every call of the first message has its answer, and every answer its call. */
function isComplete([first, ...answers]: Round): boolean {
  if (first === undefined || first.type === "tool") return false;
  const calls = new Set(madeCalls(first));
  const answered = new Set(answers.map(answeredCall));
  return calls.size === answered.size && [...calls].every((id) => id !== undefined && answered.has(id));
}
