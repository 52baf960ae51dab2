import { expect, test } from "vitest";
import { runExample } from "../support/examples.ts";

test.each([
  [
    "sessions.ts",
    [
      "trip Rome in May true",
      "[ 'Taxes', 'Rome in May' ]",
      "[ 'Rome in May' ] [ 'Taxes' ]",
      "[ 'Rome in May' ] [ 'Taxes' ]",
      "[ 'Oslo instead', 'Taxes', 'Rome in May' ]",
      "undefined 2",
      "2 [] 0",
    ],
  ],
  ["sessions-adopt.ts", ["Before the move 2 0"]],
  [
    "sessions-runnable.ts",
    ["whats up?", "You said hi!", "Nothing yet.", "1 session, 4 messages", "1 session, 2 messages"],
  ],
  ["assistant-ui.ts", ["A chat of 0 messages", "archived Greetings { model: 'large' }", "1 regular undefined", "[]"]],
])("%s prints what it says", async (name, lines) => {
  expect((await runExample(name)).trimEnd().split("\n")).toEqual(lines);
});
