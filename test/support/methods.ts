import { randomUUID } from "node:crypto";
import { HumanMessage } from "@langchain/core/messages";
import type { CassandraChatMessageHistory } from "../../src/index.ts";

/** An id that no history holds. */
export const UNKNOWN_ID = "0b2f6400-c9ad-11f0-8000-010203040506";
/** What `METHODS` write: no error may show it. */
export const MESSAGE_TEXT = "said-in-confidence";

type Call = (history: CassandraChatMessageHistory, signal?: AbortSignal) => Promise<unknown>;
const newMessage = (): HumanMessage => new HumanMessage(MESSAGE_TEXT);

/** One call of each public method that reads. Those with a signal pass it on. */
export const READS: Readonly<Record<string, Call>> = {
  getMessages: (history, signal) => history.getMessages({ ...(signal && { signal }) }),
  "getMessages with a window": (history, signal) => history.getMessages({ maxMessages: 2, ...(signal && { signal }) }),
  count: (history, signal) => history.count({ ...(signal && { signal }) }),
  getPage: (history, signal) => history.getPage({ limit: 1, ...(signal && { signal }) }),
  "getPage before an id": (history, signal) =>
    history.getPage({ limit: 1, before: UNKNOWN_ID, ...(signal && { signal }) }),
  entries: (history, signal) => history.entries({ ...(signal && { signal }) }).next(),
  "entries, newest first": (history, signal) =>
    history.entries({ order: "newest-first", ...(signal && { signal }) }).next(),
  fork: (history, signal) => history.fork(randomUUID(), { ...(signal && { signal }) }),
};

/** One call of each public method that writes. */
export const WRITES: Readonly<Record<string, Call>> = {
  append: (history, signal) => history.append([newMessage()], { ...(signal && { signal }) }),
  "append with an expiry": (history, signal) =>
    history.append([newMessage()], { ttlSeconds: 1000, ...(signal && { signal }) }),
  update: (history, signal) => history.update(UNKNOWN_ID, newMessage(), { ...(signal && { signal }) }),
  delete: (history, signal) => history.delete([UNKNOWN_ID], { ...(signal && { signal }) }),
  deleteFrom: (history, signal) => history.deleteFrom(UNKNOWN_ID, { ...(signal && { signal }) }),
  clear: (history, signal) => history.clear({ ...(signal && { signal }) }),
};

/** The methods that take no signal. */
const PLAIN: Readonly<Record<string, Call>> = {
  setup: (history) => history.setup(),
  addMessage: (history) => history.addMessage(newMessage()),
  addMessages: (history) => history.addMessages([newMessage(), newMessage()]),
  addUserMessage: (history) => history.addUserMessage(MESSAGE_TEXT),
  addAIMessage: (history) => history.addAIMessage(MESSAGE_TEXT),
};

/** One call of each public method that uses the table. */
export const METHODS: Readonly<Record<string, Call>> = { ...PLAIN, ...READS, ...WRITES };
