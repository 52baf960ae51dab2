import { hasFunctions } from "../options/schemas.ts";

/** What the middleware uses of LangGraph's checkpointers: a thread's checkpoints, newest first. */
interface Checkpointer {
  list(
    config: object,
    options: { readonly limit: number; readonly before: object | undefined },
  ): AsyncIterable<{ readonly config: object; readonly checkpoint: { readonly channel_values: object } }>;
}

export type Configurable = Readonly<Record<string, unknown>> | undefined;

/** LangGraph hands a graph's checkpointer to its nodes under this key of `configurable` (seen in 1.2 to 1.7). */
export const CHECKPOINTER_KEY = "__pregel_checkpointer";

const CHECKPOINTS_PER_READ = 10;

export function hasCheckpointer(configurable: Configurable): boolean {
  return configurable?.[CHECKPOINTER_KEY] !== undefined;
}

/**
 * Reads the states that the thread's checkpoints hold, newest first; none without a checkpointer. It asks for ten at a time:
 * some checkpointers load all states of a request before they give the first.
 */
export async function* readStates(configurable: Configurable): AsyncGenerator<object, void> {
  const checkpointer = configurable?.[CHECKPOINTER_KEY];
  if (!isCheckpointer(checkpointer)) return;
  const graph = { configurable: configOfGraph(configurable) };
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

/** A node's checkpoint namespace is that of its graph and one part more, behind a bar: `graph:1|node:2`. */
export function configOfGraph(configurable: Configurable): object {
  const namespace = String(configurable?.["checkpoint_ns"] ?? "");
  return { thread_id: configurable?.["thread_id"], checkpoint_ns: namespace.split("|").slice(0, -1).join("|") };
}
