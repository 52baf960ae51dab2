import type { BaseListChatMessageHistory } from "@langchain/core/chat_history";
import type { InferInteropZodOutput, InteropZodObject } from "@langchain/core/utils/types";
import type { Runtime } from "langchain";
import { describeKind } from "../errors/describe.ts";
import { invalidOption } from "../errors/refusals.ts";
import { custom, flag, hasFunctions, maxMessages, name, oneOf, optionsObject } from "../options/schemas.ts";
import { validate } from "../options/validation.ts";

/** What LangChain.js takes as a context schema: an object schema of zod 3 or 4. */
export type ChatHistoryContextSchema = InteropZodObject | undefined;

/** What `runtime.context` is. */
export type ChatHistoryContext<Schema extends ChatHistoryContextSchema> = Schema extends InteropZodObject
  ? InferInteropZodOutput<Schema>
  : unknown;

/** One history, or a function that opens the run's own; it is called at least twice in a run, so that it should be cheap. */
export type ChatHistorySource<Context> =
  | BaseListChatMessageHistory
  | ((runtime: Runtime<Context>) => BaseListChatMessageHistory | Promise<BaseListChatMessageHistory>);

/** When messages are written: in one piece after the run, or as the run goes. */
export type SaveMode = "run" | "step";

export interface ChatHistoryMiddlewareOptions<Schema extends ChatHistoryContextSchema = undefined> {
  /** Where the conversation is kept: any list-like history of LangChain.js. */
  readonly history: ChatHistorySource<ChatHistoryContext<Schema>>;
  /** The newest messages that are put in front of the prompt. @defaultValue the history's own window */
  readonly maxMessages?: number | undefined;
  /**
   * Whether what is stored is put in front of the prompt. @defaultValue `true` without a checkpointer; `false` with one, be
   * it a parent graph's, since the thread then has the conversation, and the history is its log
   */
  readonly load?: boolean | undefined;
  /**
   * `"run"`: one write after the run, all of it or nothing; a run that ends before its end (a model error, an abort, the
   * recursion limit) is not written. `"step"`: the input before the first model call, then each whole round of tool calls
   * and answers before the next one, then the rest, each as it is then: what another middleware changes later (redacts,
   * for instance) is changed in the log by `"run"` alone. @defaultValue `"run"`
   */
  readonly save?: SaveMode | undefined;
  /** The shape of `runtime.context`: LangChain.js shows a middleware nothing of the context without it. */
  readonly contextSchema?: Schema | undefined;
  /** The middleware's name, one of its own where an agent has two. @defaultValue `"ChatHistoryMiddleware"` */
  readonly name?: string | undefined;
}

/** The same, checked, with its defaults. */
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

/** By what it can do: the application may have two copies of core. */
function isHistory(value: unknown): value is BaseListChatMessageHistory {
  return hasFunctions(value, "getMessages", "addMessages");
}

/** Throws `INVALID_OPTION`. */
export function resolveMiddlewareOptions<Schema extends ChatHistoryContextSchema>(
  options: ChatHistoryMiddlewareOptions<Schema>,
): ResolvedMiddlewareOptions {
  const checked = validate(schema, options);
  const { maxMessages, load, save = "run", name = DEFAULT_NAME } = checked;
  // LangChain.js gives every hook the context that the schema has parsed.
  const history = checked.history as ChatHistorySource<unknown>;
  return Object.freeze({ history, maxMessages, load, save, name });
}

/** The history of this run. Rejects with `INVALID_OPTION` where the function gave something else. */
export async function openHistory(
  source: ChatHistorySource<unknown>,
  runtime: Runtime,
): Promise<BaseListChatMessageHistory> {
  const history: unknown = typeof source === "function" ? await source(runtime) : source;
  if (isHistory(history)) return history;
  throw invalidOption("history", `a function that gives ${A_HISTORY}, or a promise of one`, describeKind(history));
}
