import { AIMessage, type BaseMessage, HumanMessage, ToolMessage } from "@langchain/core/messages";
import fc from "fast-check";
import { expect, test } from "vitest";
import { windowLength } from "../../src/history/window.ts";
import type { WindowStart } from "../../src/options/history-options.ts";

const human = new HumanMessage("hi");
const calls = (...ids: string[]): AIMessage =>
  new AIMessage({ content: "", tool_calls: ids.map((id) => ({ id, name: "t", args: {} })) });
const answer = (id: string): ToolMessage => new ToolMessage({ content: id, tool_call_id: id });

/** The window of a whole conversation, oldest first. */
function windowOf(conversation: readonly BaseMessage[], size: number, start: WindowStart = "any"): BaseMessage[] {
  const newestFirst = conversation.toReversed();
  return newestFirst.slice(0, windowLength(newestFirst, size, { complete: true, start })).reverse();
}

test("a window holds the newest messages", () => {
  expect(windowOf([human, human, human], 2)).toEqual([human, human]);
  expect(windowOf([human], 2)).toEqual([human]);
  expect(windowOf([], 2)).toEqual([]);
});

test("leading tool messages are left out", () => {
  const conversation = [calls("a", "b"), answer("a"), answer("b"), human];
  expect(windowOf(conversation, 2)).toEqual([human]);
  expect(windowOf(conversation, 3)).toEqual([human]);
  expect(windowOf(conversation, 4)).toEqual(conversation);
});

test("a window of nothing but tool messages reaches back to their call", () => {
  const conversation = [human, calls("a", "b"), answer("a"), answer("b")];
  expect(windowOf(conversation, 1)).toEqual(conversation.slice(1));
  expect(windowOf(conversation, 2)).toEqual(conversation.slice(1));
});

test("interleaved answers to two calls reach back to the older call", () => {
  const conversation = [human, calls("a"), calls("b"), answer("b"), answer("a")];
  expect(windowOf(conversation, 2)).toEqual(conversation.slice(1));
  const crossed = [human, calls("a"), calls("b"), answer("a"), answer("b")];
  expect(windowOf(crossed, 1)).toEqual(crossed.slice(1));
});

test("a call that is gone does not keep a window from reaching back to the others", () => {
  expect(windowOf([human, answer("lost")], 1)).toEqual([]);
  const partly = [calls("a"), answer("a"), answer("lost")];
  expect(windowOf(partly, 2)).toEqual(partly);
});

test("tool_calls that is no list counts as no call", () => {
  const odd = Object.assign(new HumanMessage("hi"), { tool_calls: "a" });
  const none = Object.assign(new HumanMessage("hi"), { tool_calls: undefined });
  const conversation = [calls("a"), odd, none, answer("a")];
  expect(windowOf(conversation, 1)).toEqual(conversation);
});

test("windowLength is undefined as long as older messages can change the window", () => {
  expect(windowLength([human], 2, { complete: false, start: "any" })).toBeUndefined();
  expect(windowLength([human, human], 2, { complete: false, start: "any" })).toBe(2);
  expect(windowLength([answer("a")], 1, { complete: false, start: "any" })).toBeUndefined();
  expect(windowLength([answer("a"), calls("a")], 1, { complete: false, start: "any" })).toBe(2);
});

test("a window that starts with human begins with a user's message where it holds one", () => {
  const conversation = [human, calls("a"), answer("a"), human, new AIMessage("ok")];
  expect(windowOf(conversation, 4, "human")).toEqual(conversation.slice(3));
  expect(windowOf(conversation, 5, "human")).toEqual(conversation);
  expect(windowOf(conversation, 1, "human")).toEqual(conversation.slice(4));
  expect(windowOf(conversation.slice(0, 3), 2, "human")).toEqual(conversation.slice(1, 3));
});

test("no window begins with a tool message, and only a call makes one longer than asked for", () => {
  const part = fc.oneof(
    fc.constant([human]),
    fc.constant([new AIMessage("ok")]),
    fc
      .array(fc.stringMatching(/^[a-z0-9]{8}$/), { minLength: 1, maxLength: 4 })
      .map((ids) => [calls(...ids), ...ids.map(answer)]),
  );
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 10 }), fc.integer({ min: 1, max: 30 }), (parts, size) => {
      const conversation = parts.flat();
      const window = windowOf(conversation, size);
      expect(window).toEqual(conversation.slice(conversation.length - window.length));
      expect(window[0]?.type).not.toBe("tool");
      const plain = conversation.slice(-size);
      const leading = plain.findIndex((message) => message.type !== "tool");
      if (leading >= 0) expect(window).toEqual(plain.slice(leading));
      else expect(window[0]).toBe(conversation.findLast((message) => message.type === "ai"));
    }),
  );
});
