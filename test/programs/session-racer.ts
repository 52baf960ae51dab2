/**
 * A process that does to the sessions of a user what it is told, with a clock that is off by as much as it is told: each message
 * names a kind of call, a session, and a text, and the answer is the call's outcome.
 */
import { HumanMessage } from "@langchain/core/messages";
import { Client } from "cassandra-driver";

const [contactPoints = "", localDataCenter = "", keyspace = "", userId = "", offset = "0"] = process.argv.slice(2);
const realNow = Date.now;
Date.now = () => realNow() + Number(offset);
const { CassandraChatSessions } = await import("../../src/index.ts");

const client = new Client({ contactPoints: contactPoints.split(","), localDataCenter });
const sessions = new CassandraChatSessions({ client, keyspace });
await sessions.setup();

/** One call. */
export interface RacerCall {
  readonly kind: "add" | "update" | "delete";
  readonly sessionId: string;
  /** The message, or the metadata's key. */
  readonly text: string;
}

async function run({ kind, sessionId, text }: RacerCall): Promise<unknown> {
  if (kind === "add") return sessions.open(userId, sessionId).addMessage(new HumanMessage(text));
  if (kind === "delete") return sessions.delete(userId, sessionId);
  return sessions.update(userId, sessionId, { metadata: { [text]: text }, title: text });
}

process.on("message", async (call: RacerCall) => {
  const outcome = await run(call).then(
    () => "done",
    (error: unknown) => String(error instanceof Error && "code" in error ? error.code : error),
  );
  process.send?.(outcome);
});
process.once("disconnect", () => void client.shutdown());
process.send?.("ready");
