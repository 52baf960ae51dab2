import type { BaseListChatMessageHistory } from "@langchain/core/chat_history";
import type { InferInteropZodOutput, InteropZodObject } from "@langchain/core/utils/types";
import type { Runtime } from "langchain";
import { describeKind } from "../errors/describe.ts";
import { invalidOption } from "../errors/refusals.ts";
import { custom, flag, hasFunctions, maxMessages, name, oneOf, optionsObject } from "../options/schemas.ts";
import { readArgument, validate } from "../options/validation.ts";

/** The schema of `runtime.context`: an object schema of zod 3 or zod 4. */
export type ChatHistoryContextSchema = InteropZodObject | undefined;

/** The type of `runtime.context` under a schema; `unknown` without one. */
export type ChatHistoryContext<Schema extends ChatHistoryContextSchema> = Schema extends InteropZodObject
  ? InferInteropZodOutput<Schema>
  : unknown;

/**
 * A history, or a function that returns the history of a run. The function is called for each hook: at least twice in a run,
 * and once more for each model call with `save: "step"`. It should be cheap: share one driver `Client`.
 */
export type ChatHistorySource<Context> =
  | BaseListChatMessageHistory
  | ((runtime: Runtime<Context>) => BaseListChatMessageHistory | Promise<BaseListChatMessageHistory>);

/** When messages are written: `"run"` writes once, after the run; `"step"` writes while the run goes on. */
export type SaveMode = "run" | "step";

/** The options of `chatHistoryMiddleware`. */
export interface ChatHistoryMiddlewareOptions<Schema extends ChatHistoryContextSchema = undefined> {
  /** Where the conversation is kept: one of this library's histories, or any other that extends `BaseListChatMessageHistory`. */
  readonly history: ChatHistorySource<ChatHistoryContext<Schema>>;
  /**
   * How many of the newest stored messages are put in front of the prompt, at most. A whole number from 1 on.
   * @defaultValue the history's own `maxMessages`
   */
  readonly maxMessages?: number | undefined;
  /**
   * Whether stored messages are put in front of the prompt.
   * @defaultValue `true` without a checkpointer. `false` with one, a parent graph's included: the thread then holds the
   * conversation, and the history is its log.
   */
  readonly load?: boolean | undefined;
  /**
   * When messages are written.
   *
   * - `"run"`: once, after the run, all or nothing. A run that stops before its end (an error, an abort, the recursion
   *   limit) writes nothing. What another middleware changes in the run, a redaction for instance, is logged as changed.
   * - `"step"`: the input before the first model call, then each round of tool calls with all its answers before the next
   *   model call, then the rest. Each is logged as it is at that moment.
   * @defaultValue `"run"`
   */
  readonly save?: SaveMode | undefined;
  /** The schema of `runtime.context`. Without it, LangChain.js gives the `history` function no context. */
  readonly contextSchema?: Schema | undefined;
  /**
   * The middleware's name. An agent with two histories needs two names. With a checkpointer, keep the name: the thread's
   * state has the middleware's record under it.
   * @defaultValue `"ChatHistoryMiddleware"`
   */
  readonly name?: string | undefined;
}

/** The validated options, with their defaults. */
export interface ResolvedMiddlewareOptions {
  readonly history: ChatHistorySource<unknown>;
  readonly maxMessages: number | undefined;
  readonly load: boolean | undefined;
  readonly save: SaveMode;
  readonly name: string;
}

const DEFAULT_NAME = "ChatHistoryMiddleware";
const A_HISTORY = "a BaseListChatMessageHistory";

const schema = optionsObject({
  history: custom(
    (value) => isHistory(value) || typeof value === "function",
    `${A_HISTORY}, or a function that gives one`,
  ).unwrap(),
  maxMessages,
  load: flag,
  save: oneOf("run", "step"),
  contextSchema: custom((value) => hasFunctions(value, "parse"), "an object schema of zod"),
  name: name("middleware"),
});

/** A history is told by its methods: the application may have two copies of core. */
function isHistory(value: unknown): value is BaseListChatMessageHistory {
  return readArgument("history", () => hasFunctions(value, "getMessages", "addMessages"));
}

/** Validates the options and fills in defaults. Throws `INVALID_OPTION`. */
export function resolveMiddlewareOptions<Schema extends ChatHistoryContextSchema>(
  options: ChatHistoryMiddlewareOptions<Schema>,
): ResolvedMiddlewareOptions {
  const checked = validate(schema, options);
  const { maxMessages, load, save = "run", name = DEFAULT_NAME } = checked;
  // LangChain.js validates the context by the schema before it calls a hook, so that the context has its type.
  const history = checked.history as ChatHistorySource<unknown>;
  return Object.freeze({ history, maxMessages, load, save, name });
}

/** Returns the history of a run. Rejects with `INVALID_OPTION` where the function returned something else. */
export async function openHistory(
  source: ChatHistorySource<unknown>,
  runtime: Runtime,
): Promise<BaseListChatMessageHistory> {
  const history: unknown = typeof source === "function" ? await source(runtime) : source;
  if (isHistory(history)) return history;
  throw invalidOption("history", `a function that gives ${A_HISTORY}, or a promise of one`, describeKind(history));
}
