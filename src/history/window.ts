import type { BaseMessage } from "@langchain/core/messages";
import type { WindowStart } from "../options/history-options.ts";
import { answeredCall, madeCalls } from "./tool-calls.ts";

/** How a window is cut. */
interface WindowOptions {
  /** Whether nothing older will come. */
  readonly complete: boolean;
  /** Where the window begins. */
  readonly start: WindowStart;
}

/**
 * How many of the newest messages a window of `size` holds, or undefined where older ones are needed to tell.
 *
 * Model providers refuse a prompt in which a tool message stands without the call that it answers. So tool messages at the
 * window's head are left out. Where nothing else is in the window, it reaches back to their calls. With `start` `"human"` the
 * window then begins with a message of the user, where it holds one.
 *
 * @param newestFirst - what has been read so far
 */
export function windowLength(
  newestFirst: readonly BaseMessage[],
  size: number,
  { complete, start }: WindowOptions,
): number | undefined {
  if (newestFirst.length < size && !complete) return undefined;
  let length = Math.min(size, newestFirst.length);
  while (length > 0 && newestFirst[length - 1]?.type === "tool") length -= 1;
  const whole = length > 0 ? length : reachBack(newestFirst, size, complete);
  return whole !== undefined && start === "human" ? fromHuman(newestFirst, whole) : whole;
}

function fromHuman(newestFirst: readonly BaseMessage[], length: number): number {
  const oldest = newestFirst.slice(0, length).findLastIndex(({ type }) => type === "human");
  return oldest < 0 ? length : oldest + 1;
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
