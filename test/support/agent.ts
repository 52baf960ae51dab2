import { randomUUID } from "node:crypto";
import type { BaseMessage } from "@langchain/core/messages";
import type { StructuredToolInterface } from "@langchain/core/tools";
import type { BaseCheckpointSaver } from "@langchain/langgraph";
import type { Client } from "cassandra-driver";
import { type AgentMiddleware, AIMessage, createAgent, type fakeModel, HumanMessage, tool } from "langchain";
import { z } from "zod";
import { chatHistoryMiddleware } from "../../src/agent/index.ts";
import type { CassandraChatMessageHistory } from "../../src/index.ts";
import { openHistory } from "./session.ts";

/** A tool that answers at once, without the network. */
export const weather: StructuredToolInterface = tool(({ city }) => `sunny in ${city}`, {
  name: "weather",
  description: "The weather in a city",
  schema: z.object({ city: z.string() }),
});

type Call = { readonly name: string; readonly args: Record<string, unknown>; readonly id: string };

export function call(id: string, city: string = id): Call {
  return { name: "weather", args: { city }, id };
}

/** A reply of the model that asks for the weather, once for each id. */
export function calling(...ids: string[]): AIMessage {
  return new AIMessage({ content: "", tool_calls: ids.map((id) => ({ ...call(id), type: "tool_call" })) });
}

/** One turn in which the model calls two tools at once and then answers. */
export function respondWithTurn(model: ReturnType<typeof fakeModel>, turn: number): void {
  model.respond(calling(`${turn}a`, `${turn}b`)).respond(new AIMessage(`answer ${turn}`));
}

/** The lines that `shown` gives for such a turn. */
export function lines(turn: number): string[] {
  return [
    `human: question ${turn}`,
    `ai: calls ${turn}a,${turn}b`,
    `tool ${turn}a: sunny in ${turn}a`,
    `tool ${turn}b: sunny in ${turn}b`,
    `ai: answer ${turn}`,
  ];
}

export function ask(turn: number, id?: string): { messages: HumanMessage[] } {
  return { messages: [new HumanMessage({ content: `question ${turn}`, ...(id !== undefined && { id }) })] };
}

/** One line for each message. */
export function shown(messages: readonly BaseMessage[]): string[] {
  return messages.map((message) => {
    if (message.type === "tool" && "tool_call_id" in message) return `tool ${message.tool_call_id}: ${message.text}`;
    const calls = "tool_calls" in message && Array.isArray(message.tool_calls) ? message.tool_calls : [];
    return calls.length > 0
      ? `${message.type}: calls ${calls.map(({ id }) => id).join()}`
      : `${message.type}: ${message.text}`;
  });
}

/** The messages that the model was given, call by call. */
export function prompts(model: ReturnType<typeof fakeModel>): string[][] {
  return model.calls.map(({ messages }) => shown(messages));
}

/** Opens a middleware of LangChain's own. Their types do not accept their own schemas under `exactOptionalPropertyTypes`. */
export function openMiddleware(open: (options: never) => unknown, options: object): AgentMiddleware {
  return Reflect.apply(open, undefined, [options]);
}

export interface AgentSetting {
  readonly model: ReturnType<typeof fakeModel>;
  readonly save: "run" | "step";
  readonly sessionId?: string;
  readonly checkpointer?: BaseCheckpointSaver;
  /** @defaultValue the client that the opener was given */
  readonly client?: Client;
}

interface LoggedAgent {
  readonly agent: ReturnType<typeof createAgent>;
  readonly history: CassandraChatMessageHistory;
}

/** Makes agents that ask for the weather and are logged, each to a session of its own where none is named. */
export function agentOpener(client: Client, keyspace: string): (setting: AgentSetting) => LoggedAgent {
  return ({ model, save, sessionId = randomUUID(), checkpointer, client: own = client }) => {
    const history = openHistory({ client: own, keyspace, sessionId });
    const agent = createAgent({
      model,
      tools: [weather],
      ...(checkpointer && { checkpointer }),
      middleware: [chatHistoryMiddleware({ history, save })],
    });
    return { agent, history };
  };
}
