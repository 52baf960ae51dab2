/**
 * `npm run bench:codec`: what the codec costs beside bare `JSON` on the same fields, and beside core's own mapping. They
 * run in turn, in many short rounds of one process; a figure is the median of the rounds' ratios.
 */
import { type BaseMessage, HumanMessage, mapStoredMessagesToChatMessages, ToolMessage } from "@langchain/core/messages";
import { jsonCodec } from "../src/codec/json.ts";
import { aiMessage } from "../test/support/messages.ts";

const ROUNDS = 200;
const PER_ROUND = 500;
const at = { sessionId: "bench", id: "0b2f6400-c9ad-11f0-8000-010203040506" };

const prose =
  "Cassandra keeps rows of one partition together, sorted by their clustering key, so that the newest messages of a session are read from one place. ";
const messages: BaseMessage[] = [
  new HumanMessage("How does Cassandra order the rows of one partition?"),
  aiMessage({
    content: prose.repeat(4),
    id: "run-7a6f2f0e",
    response_metadata: {
      model_name: "gpt-x",
      finish_reason: "stop",
      system_fingerprint: "fp_1",
      tokenUsage: { total: 212 },
    },
    usage_metadata: { input_tokens: 31, output_tokens: 181, total_tokens: 212, input_token_details: { cache_read: 0 } },
  }),
  aiMessage({
    content: "",
    tool_calls: [{ id: "call_1", name: "search", args: { query: "clustering order", limit: 5 }, type: "tool_call" }],
  }),
  new ToolMessage({ content: prose.repeat(2), tool_call_id: "call_1", name: "search", status: "success" }),
];
const texts = messages.map((message) => jsonCodec.encode(message, at));
const coreTexts = messages.map((message) => JSON.stringify(message.toDict()));
const rows = texts.map((text): { type: string; data: object } => JSON.parse(text));

type Task = () => unknown;
const writing: Record<string, Task> = {
  "JSON.stringify of the same row": () => rows.map((row) => JSON.stringify(row)),
  "this codec": () => messages.map((message) => jsonCodec.encode(message, at)),
  "core's toDict and JSON.stringify": () => messages.map((message) => JSON.stringify(message.toDict())),
};
const reading: Record<string, Task> = {
  "JSON.parse of our rows": () => texts.map((text) => JSON.parse(text)),
  "this codec": () => texts.map((text) => jsonCodec.decode(text, at)),
  "this codec, rows of core's": () => coreTexts.map((text) => jsonCodec.decode(text, at)),
  "JSON.parse and core's mapping": () => mapStoredMessagesToChatMessages(texts.map((text) => JSON.parse(text))),
};

let kept: unknown;

/** Microseconds a message. */
function time(task: Task): number {
  const began = process.hrtime.bigint();
  for (let turn = 0; turn < PER_ROUND; turn += 1) kept = task();
  return Number(process.hrtime.bigint() - began) / 1000 / PER_ROUND / messages.length;
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function compare(title: string, tasks: Record<string, Task>): void {
  const names = Object.keys(tasks);
  const times = new Map(names.map((name): [string, number[]] => [name, []]));
  for (let round = 0; round < ROUNDS; round += 1) {
    // Each takes each place in turn.
    for (let place = 0; place < names.length; place += 1) {
      const name = names[(round + place) % names.length] ?? "";
      const task = tasks[name];
      if (task !== undefined) times.get(name)?.push(time(task));
    }
  }
  const floor = times.get(names[0] ?? "") ?? [];
  console.log(`${title} (median of ${ROUNDS} rounds)`);
  for (const [name, one] of times) {
    const ratio = median(one.map((value, round) => value / (floor[round] ?? Number.NaN)));
    console.log(`  ${name.padEnd(34)} ${median(one).toFixed(2)} µs a message, ${ratio.toFixed(2)} x`);
  }
}

compare("Writing", writing);
compare("Reading", reading);
if (kept === undefined) throw new Error("Nothing was measured.");
