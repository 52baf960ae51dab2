import { AIMessage, type BaseMessage, HumanMessage, ToolMessage } from "@langchain/core/messages";
import fc from "fast-check";
import { expect, test } from "vitest";
import { answeredCall, madeCalls } from "../../src/history/tool-calls.ts";
import { windowLength } from "../../src/history/window.ts";

const withCalls = (calls: unknown): BaseMessage => Object.assign(new AIMessage("x"), { tool_calls: calls });

test("the ids of a message's calls, and of the call that a tool message answers", () => {
  expect(madeCalls(withCalls([{ id: "a" }, { id: "b" }]))).toEqual(["a", "b"]);
  expect(answeredCall(new ToolMessage({ content: "r", tool_call_id: "a" }))).toBe("a");
  expect(answeredCall(new HumanMessage("x"))).toBeUndefined();
});

test.each([[undefined], [null], [[]]])("no call is made by %j", (calls) => {
  expect(madeCalls(withCalls(calls))).toEqual([]);
});

test.each([["text"], [7], [true], [{}], [{ length: 2 }], [[null]], [[undefined]], [["a"]], [[[]]], [new Array(1)]])(
  "%j is a call that has no id",
  (calls) => {
    expect(madeCalls(withCalls(calls))).toEqual([undefined]);
  },
);

test("a window is found whatever stands under tool_calls and tool_call_id", () => {
  const odd = fc.anything({ withNullPrototype: true });
  const message = fc.oneof(
    odd.map(withCalls),
    fc.array(odd).map(withCalls),
    odd.map((id) => Object.assign(new ToolMessage({ content: "r", tool_call_id: "" }), { tool_call_id: id })),
  );
  const start = fc.constantFrom("any" as const, "human" as const);
  fc.assert(
    fc.property(
      fc.array(message, { maxLength: 8 }),
      fc.integer({ min: 1, max: 4 }),
      start,
      (newestFirst, size, start) => {
        const length = windowLength(newestFirst, size, { complete: true, start }) ?? -1;
        expect(length).toBeGreaterThanOrEqual(0);
        expect(newestFirst[length - 1]?.type).not.toBe("tool");
      },
    ),
  );
});
