import type { BaseMessage } from "@langchain/core/messages";

/**
 * How many of the newest messages a window of `size` holds, or undefined where older ones are needed to tell.
 *
 * Model providers refuse a prompt in which a tool message stands without the call that it answers, so that tool messages
 * at the window's head are left out. Where nothing else is in the window, it is stretched back to their calls.
 *
 * @param newestFirst - what has been read so far
 * @param complete - whether nothing older will come
 */
export function windowLength(newestFirst: readonly BaseMessage[], size: number, complete: boolean): number | undefined {
  if (newestFirst.length < size && !complete) return undefined;
  let length = Math.min(size, newestFirst.length);
  while (length > 0 && newestFirst[length - 1]?.type === "tool") length -= 1;
  return length > 0 ? length : reachBack(newestFirst, size, complete);
}

function reachBack(newestFirst: readonly BaseMessage[], size: number, complete: boolean): number | undefined {
  const unanswered = new Set(newestFirst.slice(0, size).map(answeredCall));
  let length = 0;
  for (let at = size; at < newestFirst.length; at += 1) {
    const message = newestFirst[at];
    if (message?.type === "tool") unanswered.add(answeredCall(message));
    else if (message !== undefined && madeCalls(message).filter((id) => unanswered.delete(id)).length > 0)
      length = at + 1;
    if (unanswered.size === 0) return length;
  }
  return complete ? length : undefined;
}

export function answeredCall(message: BaseMessage): unknown {
  return "tool_call_id" in message ? message.tool_call_id : undefined;
}

export function madeCalls(message: BaseMessage): unknown[] {
  if (!("tool_calls" in message) || !Array.isArray(message.tool_calls)) return [];
  return message.tool_calls.map((call: { readonly id?: unknown }) => call.id);
}
