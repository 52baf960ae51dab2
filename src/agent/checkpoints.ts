import type { BaseMessage } from "@langchain/core/messages";
import { hasFunctions } from "../schemas.ts";

/** What is needed of LangGraph's checkpointers: a thread's checkpoints, newest first. */
interface Checkpointer {
  list(config: object): AsyncIterable<{ readonly checkpoint: { readonly channel_values: object } }>;
}

type Configurable = Readonly<Record<string, unknown>> | undefined;

/** Where LangGraph hands a graph's checkpointer to its nodes (`CONFIG_KEY_CHECKPOINTER`, 1.2 to 1.7). */
const CHECKPOINTER = "__pregel_checkpointer";

export function hasCheckpointer(configurable: Configurable): boolean {
  return configurable?.[CHECKPOINTER] !== undefined;
}

/**
 * The messages that the state held while a value of it stayed as it is now, oldest first: where a summary took the place
 * of some, and another process goes on with the run, the checkpoints alone still have them.
 */
export async function readPastStates(configurable: Configurable, key: string): Promise<BaseMessage[][]> {
  const checkpointer = configurable?.[CHECKPOINTER];
  const states: BaseMessage[][] = [];
  if (!isCheckpointer(checkpointer)) return states;
  let now: string | undefined;
  for await (const { checkpoint } of checkpointer.list({ configurable: graphOf(configurable) })) {
    const value = JSON.stringify(Reflect.get(checkpoint.channel_values, key));
    now ??= value;
    if (value !== now) break;
    const messages: unknown = Reflect.get(checkpoint.channel_values, "messages");
    if (Array.isArray(messages)) states.unshift(messages);
  }
  return states;
}

function isCheckpointer(value: unknown): value is Checkpointer {
  return hasFunctions(value, "list");
}

/** A node's namespace is its graph's, and its own after that: `graph:1|node:2`. */
function graphOf(configurable: Configurable): object {
  const own = String(configurable?.["checkpoint_ns"] ?? "");
  return { thread_id: configurable?.["thread_id"], checkpoint_ns: own.split("|").slice(0, -1).join("|") };
}
