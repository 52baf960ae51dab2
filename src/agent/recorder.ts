import type { BaseMessage } from "@langchain/core/messages";
import type { Runtime } from "langchain";
import type { ChatLog } from "./chat-log.ts";
import { hasCheckpointer, readStates } from "./checkpoints.ts";
import { EntryLog, isEntryHistory } from "./entry-log.ts";
import { FailedWrites } from "./failed-writes.ts";
import { ListLog } from "./list-log.ts";
import { openHistory, type ResolvedMiddlewareOptions } from "./options.ts";
import { type AgentState, type Loading, openRun, type Run } from "./run.ts";
import { endRecord, haveSameLog, type RunRecord, readRecord } from "./run-record.ts";
import { findMarked } from "./summary.ts";

/** What LangChain.js hands to a hook: the agent's state, with the private record in it. */
interface HookState {
  readonly messages: readonly BaseMessage[];
}

/** Follows the runs of an agent, however many go on at once, and logs their messages. */
export class Recorder {
  readonly #options: ResolvedMiddlewareOptions;
  /** The key of the record in the state. */
  readonly #key: string;
  readonly #failed = new FailedWrites();
  /** The runs of this process, each by the record in its state: that stays the same object while the run goes on. */
  readonly #runs = new WeakMap<object, Run>();

  constructor(options: ResolvedMiddlewareOptions, key: string) {
    this.#options = options;
    this.#key = key;
  }

  /** Begins a run. Resolves with the record for the state. */
  async begin(hookState: HookState, runtime: Runtime): Promise<RunRecord> {
    const log = await this.#openLog(runtime);
    const { run, record } = await this.#openRun(hookState, log, runtime);
    if (this.#options.save === "step") await run.save(log);
    this.#runs.set(record, run);
    return record;
  }

  /** Takes note of the state before a model call. Resolves with the window. */
  async continue(hookState: HookState, runtime: Runtime): Promise<readonly BaseMessage[]> {
    const run = this.#findRun(hookState) ?? (await this.#resume(hookState, await this.#openLog(runtime), runtime));
    run.addState(hookState.messages);
    // An agent asks its model again only when all tool calls have their answers.
    if (this.#options.save === "step") await run.save(await this.#openLog(runtime));
    return run.window;
  }

  /** Logs the rest of the run. Resolves with the record for the state. */
  async end(hookState: HookState, runtime: Runtime): Promise<RunRecord> {
    const log = await this.#openLog(runtime);
    const run = this.#findRun(hookState) ?? (await this.#resume(hookState, log, runtime));
    run.addState(hookState.messages);
    await run.save(log);
    return endRecord(hookState.messages);
  }

  #findRun(hookState: HookState): Run | undefined {
    const record: unknown = Reflect.get(hookState, this.#key);
    return typeof record === "object" && record !== null ? this.#runs.get(record) : undefined;
  }

  /** Opens a run again that another process, or an earlier `invoke`, has begun. */
  async #resume(hookState: HookState, log: ChatLog, runtime: Runtime): Promise<Run> {
    const { run } = await this.#openRun(hookState, log, runtime);
    const record: unknown = Reflect.get(hookState, this.#key);
    if (typeof record === "object" && record !== null) this.#runs.set(record, run);
    return run;
  }

  async #openRun(hookState: HookState, log: ChatLog, { configurable }: Runtime) {
    const { load = !hasCheckpointer(configurable), maxMessages } = this.#options;
    const loading: Loading = { load, maxMessages };
    const state = this.#stateOf(hookState);
    const earlier = needsEarlierStates(state) ? await this.#readEarlierStates(state, configurable) : [];
    return openRun(earlier, state, log, loading);
  }

  /** The states since the log was what it is now, oldest first. They have the messages that a summary has replaced. */
  async #readEarlierStates({ record }: AgentState, configurable: Runtime["configurable"]): Promise<AgentState[]> {
    const states: AgentState[] = [];
    for await (const values of readStates(configurable)) {
      const state = this.#stateOf(values);
      if (!haveSameLog(state.record, record)) break;
      states.push(state);
    }
    return states.reverse();
  }

  #stateOf(values: object): AgentState {
    const messages: unknown = Reflect.get(values, "messages");
    return { messages: Array.isArray(messages) ? messages : [], record: readRecord(Reflect.get(values, this.#key)) };
  }

  async #openLog(runtime: Runtime): Promise<ChatLog> {
    const history = await openHistory(this.#options.history, runtime);
    return isEntryHistory(history) ? new EntryLog(history, this.#failed, runtime.signal) : new ListLog(history);
  }
}

/** Whether the state may begin with a summary of messages that are not in the log. */
function needsEarlierStates({ messages, record }: AgentState): boolean {
  if (findMarked(messages) === undefined) return false;
  return record === undefined || record.running === true || !messages.some(({ id }) => id === record.logged);
}
