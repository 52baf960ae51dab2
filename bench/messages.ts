import { type BaseMessage, HumanMessage, ToolMessage } from "@langchain/core/messages";
import { aiMessage } from "../test/support/messages.ts";

const WORDS =
  "the a of and to in is that for on with as are this by from at which row node table read write clock order page session message replica partition key value time quorum token cluster cache index query plan result model answer question tool call window history latency disk memory server client batch request driver id".split(
    " ",
  );

/** The same numbers in every run (mulberry32). */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function prose(random: () => number, length: number): string {
  let text = "";
  while (text.length < length) {
    const word = WORDS[Math.floor(random() * WORDS.length)] ?? "";
    text += random() < 0.1 ? `${word}. ` : `${word} `;
  }
  return text.slice(0, length);
}

function hexadecimal(random: () => number): string {
  return Math.floor(random() * 2 ** 48)
    .toString(16)
    .padStart(12, "0");
}

function aiFields(random: () => number): Readonly<Record<string, unknown>> {
  const output = 50 + Math.floor(random() * 200);
  return {
    id: `chatcmpl-${hexadecimal(random)}${hexadecimal(random)}`,
    response_metadata: {
      model_provider: "example",
      model_name: "example-large-2026-01",
      finish_reason: "stop",
      system_fingerprint: `fp_${hexadecimal(random)}`,
    },
    usage_metadata: {
      input_tokens: 31,
      output_tokens: output,
      total_tokens: 31 + output,
      input_token_details: { cache_read: 0 },
      output_token_details: { reasoning: 0 },
    },
  };
}

/** A question of some 60 characters and an answer of 600 with an id, usage and metadata. */
export function turnOf(random: () => number): [BaseMessage, BaseMessage] {
  return [
    new HumanMessage(prose(random, 40 + Math.floor(random() * 40))),
    aiMessage({ content: prose(random, 600), ...aiFields(random) }),
  ];
}

/** A tool call with its result, of some 300 characters. */
function toolStep(random: () => number): [BaseMessage, BaseMessage] {
  const id = `call_${hexadecimal(random)}${hexadecimal(random)}`;
  const args = { query: prose(random, 40), limit: 5, filters: { kind: "page", fresh: true } };
  return [
    aiMessage({ content: "", tool_calls: [{ id, name: "search", args, type: "tool_call" }], ...aiFields(random) }),
    new ToolMessage({ content: prose(random, 300), tool_call_id: id, name: "search", status: "success" }),
  ];
}

/** A conversation in which every third turn calls a tool: the same for the same seed. */
export function conversation(length: number, seed = 1): BaseMessage[] {
  const random = seededRandom(seed);
  const messages: BaseMessage[] = [];
  for (let turn = 0; messages.length < length; turn += 1) {
    const [question, answer] = turnOf(random);
    messages.push(question, ...(turn % 3 === 2 ? toolStep(random) : []), answer);
  }
  return messages.slice(0, length);
}

/** What a reader has in hand when it has looked at every message: compared with what was written. */
export function look(messages: readonly BaseMessage[]): number {
  let sum = messages.length;
  for (const message of messages) sum += message.content.length + message.type.length;
  return sum;
}
