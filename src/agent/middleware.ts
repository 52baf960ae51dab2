import type { BaseMessage } from "@langchain/core/messages";
import { type AgentMiddleware, createMiddleware, type Runtime } from "langchain";
import { z } from "zod";
import { hasCheckpointer, readPastStates } from "./checkpoints.ts";
import { FailedWrites } from "./failed-writes.ts";
import { type ChatLog, openLog } from "./log.ts";
import {
  type ChatHistoryContext,
  type ChatHistoryContextSchema,
  type ChatHistoryMiddlewareOptions,
  openHistory,
  type ResolvedMiddlewareOptions,
  resolveMiddlewareOptions,
} from "./options.ts";
import { buildPrompt } from "./prompt.ts";
import { endRecord, hasSummary, type Loading, openRun, type Run, type RunRecord, readRecord } from "./run.ts";

/** What the middleware sees of the agent's state, its own private key aside. */
interface AgentState {
  readonly messages: readonly BaseMessage[];
}

/**
 * Keeps an agent's conversation in a chat history: loads a window of it in front of the model's prompt, and logs what is
 * said, each message once, in order.
 *
 * The window is in the prompt only, not in the agent's state: nothing old is streamed or returned. It begins with a question
 * where it has one. Of what was said before the newest question, a message whose tool calls are not all answered, answers
 * without their call and remove rows stay in the log and are left out of the prompt, and so are the window's system messages.
 * Summaries are never logged; what they took the place of is.
 *
 * Put it before the agent's other middleware: what those add after the run is then logged as well. What another one removes
 * from the state stays in the log if the run's beginning or a model call has seen it.
 *
 * A run that breaks off, is interrupted, or is ended by another middleware's `beforeModel` (LangChain.js passes over what
 * comes after the run) is logged when it is resumed, or with the thread's next one that comes to its end. Without a
 * checkpointer, what `save` has not written by then is not logged.
 *
 * A message of the input that is in the log already is recognised by its id and not logged again, nor is what stands before
 * it: a parent graph's state, a transcript that a client sends again. It is looked for among the newest 100 entries. One
 * without an id cannot be recognised: send new messages only, or keep ids. Ids have to be unique in a thread: a message with
 * the id of a logged one is taken for that.
 *
 * A failed read or write rejects `invoke`; between two rounds, in `"step"`, it is the `cause` of LangChain.js's error. With a
 * checkpointer, `invoke(null)` then tries the write alone again. In the same process nothing is then stored twice; another
 * one can tell only by what it reads, not of a write that takes effect later. Throws `INVALID_OPTION`.
 */
export function chatHistoryMiddleware<Schema extends ChatHistoryContextSchema = undefined>(
  options: ChatHistoryMiddlewareOptions<Schema>,
): AgentMiddleware<undefined, Schema, ChatHistoryContext<Schema>> {
  const resolved = resolveMiddlewareOptions(options);
  // A key of its own for each name: an agent may have two of these. LangChain.js takes what begins with _ for private.
  const key = `_${resolved.name}`;
  const recorder = new Recorder(resolved, key);
  // No messages: LangChain.js would emit all of the state's again.
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
  // Added here, so that the private key is none of the agent's types.
  return Object.assign(middleware, { stateSchema: z.object({ [key]: z.unknown() }) });
}

/** Follows the runs of an agent, however many go on at once. */
class Recorder {
  readonly #options: ResolvedMiddlewareOptions;
  /** Where the record stands in the state. */
  readonly #key: string;
  readonly #failed = new FailedWrites();
  /** By the record in the state: the same object while a run goes on in this process. */
  readonly #runs = new WeakMap<object, Run>();

  constructor(options: ResolvedMiddlewareOptions, key: string) {
    this.#options = options;
    this.#key = key;
  }

  async begin(state: AgentState, runtime: Runtime): Promise<RunRecord> {
    const last = readRecord(this.#recordIn(state));
    const [log, states] = await Promise.all([this.#open(runtime), this.#statesOf(last, state, runtime)]);
    const { run, record } = await openRun(states, last, log, this.#loading(runtime));
    if (this.#options.save === "step") await run.save(log);
    this.#runs.set(record, run);
    return record;
  }

  /** Resolves with the window. */
  async continue(state: AgentState, runtime: Runtime): Promise<readonly BaseMessage[]> {
    const run = this.#find(state) ?? (await this.#resume(state, await this.#open(runtime), runtime));
    run.hear(state.messages);
    // The model is asked again when all of its calls have their answers.
    if (this.#options.save === "step") await run.save(await this.#open(runtime));
    return run.window;
  }

  async end(state: AgentState, runtime: Runtime): Promise<RunRecord> {
    const log = await this.#open(runtime);
    const run = this.#find(state) ?? (await this.#resume(state, log, runtime));
    run.hear(state.messages);
    await run.save(log);
    return endRecord(state.messages);
  }

  #recordIn(state: AgentState): unknown {
    return Reflect.get(state, this.#key);
  }

  #find(state: AgentState): Run | undefined {
    const record = this.#recordIn(state);
    return typeof record === "object" && record !== null ? this.#runs.get(record) : undefined;
  }

  async #resume(state: AgentState, log: ChatLog, runtime: Runtime): Promise<Run> {
    const value = this.#recordIn(state);
    const record = readRecord(value);
    const states = await this.#statesOf(record, state, runtime);
    const { run } = await openRun(states, record, log, this.#loading(runtime));
    if (typeof value === "object" && value !== null) this.#runs.set(value, run);
    return run;
  }

  /** What the state's messages are, and were where a summary has taken the place of some before their run was logged. */
  async #statesOf(record: RunRecord | undefined, { messages }: AgentState, { configurable }: Runtime) {
    const lost = record?.running === true && hasSummary(messages);
    return [...(lost ? await readPastStates(configurable, this.#key) : []), messages];
  }

  async #open(runtime: Runtime): Promise<ChatLog> {
    return openLog(await openHistory(this.#options.history, runtime), this.#failed, runtime.signal);
  }

  #loading({ configurable }: Runtime): Loading {
    const { load = !hasCheckpointer(configurable), maxMessages } = this.#options;
    return { load, maxMessages };
  }
}
