import type { BaseMessage } from "@langchain/core/messages";
import { hasFunctions } from "../options/schemas.ts";

/** What is needed of LangGraph's checkpointers: a thread's checkpoints, newest first. */
interface Checkpointer {
  list(
    config: object,
    options: { readonly limit: number; readonly before: object | undefined },
  ): AsyncIterable<{ readonly config: object; readonly checkpoint: { readonly channel_values: object } }>;
}

type Configurable = Readonly<Record<string, unknown>> | undefined;

/** Where LangGraph hands a graph's checkpointer to its nodes (`CONFIG_KEY_CHECKPOINTER`, 1.2 to 1.7). */
const CHECKPOINTER = "__pregel_checkpointer";

const CHECKPOINTS_PER_READ = 10;

export function hasCheckpointer(configurable: Configurable): boolean {
  return configurable?.[CHECKPOINTER] !== undefined;
}

/**
 * The messages that the state held while a value of it stayed as it is now, oldest first: where a summary took the place
 * of some, and another process goes on with the run, the checkpoints alone still have them.
 */
export async function readPastStates(configurable: Configurable, key: string): Promise<BaseMessage[][]> {
  const states: BaseMessage[][] = [];
  let now: string | undefined;
  for await (const values of readCheckpoints(configurable)) {
    const value = JSON.stringify(Reflect.get(values, key));
    now ??= value;
    if (value !== now) break;
    const messages: unknown = Reflect.get(values, "messages");
    if (Array.isArray(messages)) states.unshift(messages);
  }
  return states;
}

/** Newest first; some at a time, since several savers read all that they are asked for before they give the first. */
async function* readCheckpoints(configurable: Configurable): AsyncGenerator<object, void> {
  const checkpointer = configurable?.[CHECKPOINTER];
  if (!isCheckpointer(checkpointer)) return;
  const graph = { configurable: graphOf(configurable) };
  let before: object | undefined;
  for (;;) {
    let read = 0;
    for await (const { config, checkpoint } of checkpointer.list(graph, { limit: CHECKPOINTS_PER_READ, before })) {
      read += 1;
      before = config;
      yield checkpoint.channel_values;
    }
    if (read < CHECKPOINTS_PER_READ) return;
  }
}

function isCheckpointer(value: unknown): value is Checkpointer {
  return hasFunctions(value, "list");
}

/** A node's namespace is its graph's, and its own after that: `graph:1|node:2`. */
function graphOf(configurable: Configurable): object {
  const own = String(configurable?.["checkpoint_ns"] ?? "");
  return { thread_id: configurable?.["thread_id"], checkpoint_ns: own.split("|").slice(0, -1).join("|") };
}
