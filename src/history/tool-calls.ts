import type { BaseMessage } from "@langchain/core/messages";

/**
 * The ids of the tool calls that a message makes.
 *
 * A row, or an application, may put any value under `tool_calls`. What is no call with an id counts as a call whose id is
 * undefined: no tool message answers it, so that the message stays out of prompts.
 */
export function madeCalls(message: BaseMessage): unknown[] {
  const calls = fieldOf(message, "tool_calls") ?? [];
  return Array.isArray(calls) ? Array.from(calls, (call) => fieldOf(call, "id")) : [undefined];
}

/** The id of the call that a tool message answers, or undefined. */
export function answeredCall(message: BaseMessage): unknown {
  return fieldOf(message, "tool_call_id");
}

function fieldOf(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
}
