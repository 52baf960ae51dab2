import { AIMessage, type BaseMessage, HumanMessage, SystemMessage } from "@langchain/core/messages";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Transcript } from "../../../src/agent/transcript.ts";

const mark = { lc_source: "summarization" };

type Step =
  | { readonly kind: "add"; readonly type: "human" | "ai" | "system"; readonly marked: boolean }
  | { readonly kind: "summarize"; readonly replaced: number; readonly takesId: boolean; readonly keepsSystem: boolean }
  | { readonly kind: "copy" };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constant("add" as const),
      type: fc.constantFrom("human" as const, "ai" as const, "system" as const),
      marked: fc.boolean(),
    }),
    fc.record({
      kind: fc.constant("summarize" as const),
      replaced: fc.integer({ min: 1, max: 5 }),
      takesId: fc.boolean(),
      keepsSystem: fc.boolean(),
    }),
    fc.record({ kind: fc.constant("copy" as const) }),
  ),
  { minLength: 1, maxLength: 25 },
);

function create(type: "human" | "ai" | "system", id: string, content: string, marked: boolean): BaseMessage {
  const fields = { content, id, ...(marked && { additional_kwargs: mark }) };
  if (type === "ai") return new AIMessage(fields);
  return type === "human" ? new HumanMessage(fields) : new SystemMessage(fields);
}

/** As a checkpointer gives messages back: equal, and other objects. */
function copy(message: BaseMessage): BaseMessage {
  const type = message.type === "ai" ? "ai" : message.type === "system" ? "system" : "human";
  return create(type, message.id ?? "", message.text, message.additional_kwargs["lc_source"] !== undefined);
}

/** As LangChain's summarization does: 1.5 gives the summary the first message's id, 1.3 an id of its own. */
function summarize(state: readonly BaseMessage[], step: Step & { kind: "summarize" }, at: number): BaseMessage[] {
  const lead = step.keepsSystem ? state.filter(({ type }, place) => type === "system" && place === 0) : [];
  const rest = state.slice(lead.length);
  if (rest.length === 0) return [...state];
  const id = step.takesId ? (rest[0]?.id ?? "") : `summary ${at}`;
  return [...lead, create("human", id, `the gist ${at}`, true), ...rest.slice(step.replaced)];
}

test("holds every message once, in order, and no summary, whatever is marked as one", () => {
  fc.assert(
    fc.property(steps, (list) => {
      const transcript = new Transcript({ messages: [], summaries: new Set() });
      const expected: string[] = [];
      let state: BaseMessage[] = [];
      for (const [at, step] of list.entries()) {
        if (step.kind === "add") {
          state = [...state, create(step.type, `id ${at}`, `text ${at}`, step.marked)];
          expected.push(`text ${at}`);
        } else state = step.kind === "copy" ? state.map(copy) : summarize(state, step, at);
        transcript.addState(state);
        expect(transcript.messages.map(({ text }) => text)).toEqual(expected);
        expect(transcript.messages.filter((message) => transcript.summaries.has(message))).toEqual([]);
      }
    }),
    { numRuns: 500 },
  );
});

test("takes over what a middleware changes in a message, and keeps what it removes where it stood", () => {
  const [a, b, c] = ["a", "b", "c"].map((id) => new HumanMessage({ id, content: id }));
  const transcript = new Transcript({ messages: [a, b, c].flatMap((one) => one ?? []), summaries: new Set() });
  transcript.addState([new HumanMessage({ id: "a", content: "redacted" }), ...(c ? [c] : [])]);
  expect(transcript.messages.map(({ text }) => text)).toEqual(["redacted", "b", "c"]);
});

test("a marked reply at the beginning of a state whose first messages were removed is no summary", () => {
  const transcript = new Transcript({ messages: [new HumanMessage({ id: "q", content: "q" })], summaries: new Set() });
  transcript.addState([create("ai", "r", "reply", true)]);
  expect(transcript.messages.map(({ text }) => text)).toEqual(["q", "reply"]);
});
