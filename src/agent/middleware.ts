import type { BaseMessage } from "@langchain/core/messages";
import { type AgentMiddleware, createMiddleware } from "langchain";
import { z } from "zod";
import {
  type ChatHistoryContext,
  type ChatHistoryContextSchema,
  type ChatHistoryMiddlewareOptions,
  resolveMiddlewareOptions,
} from "./options.ts";
import { buildPrompt } from "./prompt.ts";
import { Recorder } from "./recorder.ts";
import type { RunRecord } from "./run-record.ts";

/**
 * Keeps the conversation of an agent in a chat history. Everything that the caller gives and everything that is said in a
 * run is logged once, in order; a summary that another middleware makes is not. A window of the history stands in front of
 * the model's prompt, and nowhere else: it is not in the agent's state, streams or result.
 *
 * - A message is recognized by its id: one whose id is among the log's newest 100 entries or in the window, or that another
 *   run of the process logs at the same time, is not logged again. Messages without an id are new.
 * - `save` decides when messages are written, `load` and `maxMessages` what is put in front of the prompt.
 * - A read or write that fails rejects `invoke`. With a checkpointer, `invoke(null)` then tries the write alone again.
 * - Put it before the agent's other middleware, so that it sees what those add and remove.
 *
 * `docs/agents.md` has the details: runs that stop before their end, several processes, summaries.
 *
 * @throws {CassandraHistoryError} `INVALID_OPTION`: an option is missing, unknown or wrong. `invoke` rejects with it where
 * the function `history` returns no history.
 * @example
 * ```ts
 * const memory = chatHistoryMiddleware({
 *   history: ({ configurable }) =>
 *     new CassandraChatMessageHistory({ client, keyspace: "app", sessionId: configurable?.thread_id ?? "" }),
 *   maxMessages: 50,
 * });
 * const agent = createAgent({ model, tools, middleware: [memory] });
 * await agent.invoke({ messages: [{ role: "user", content: "Hello" }] }, { configurable: { thread_id: "1" } });
 * ```
 */
export function chatHistoryMiddleware<Schema extends ChatHistoryContextSchema = undefined>(
  options: ChatHistoryMiddlewareOptions<Schema>,
): AgentMiddleware<undefined, Schema, ChatHistoryContext<Schema>> {
  const resolved = resolveMiddlewareOptions(options);
  // LangChain.js keeps state under a key that begins with _ out of results and streams of updates.
  const key = `_${resolved.name}`;
  const recorder = new Recorder(resolved, key);
  // An update without messages makes LangChain.js stream all of the state's messages again.
  const update = (record: RunRecord): { messages: BaseMessage[] } => ({ messages: [], [key]: record });
  const middleware = createMiddleware<undefined, Schema>({
    name: resolved.name,
    ...(options.contextSchema && { contextSchema: options.contextSchema }),
    beforeAgent: async (state, runtime) => update(await recorder.begin(state, runtime)),
    wrapModelCall: async (request, handler) => {
      const { state, messages, runtime } = request;
      const window = await recorder.continue(state, runtime);
      return handler({ ...request, messages: buildPrompt(window, messages) });
    },
    afterAgent: async (state, runtime) => update(await recorder.end(state, runtime)),
  });
  // Given to createMiddleware, the schema would make the private key part of the agent's types.
  return Object.assign(middleware, { stateSchema: z.object({ [key]: z.unknown() }) });
}
