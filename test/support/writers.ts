import { fork } from "node:child_process";
import { once } from "node:events";
import { type Client, types } from "cassandra-driver";
import type { WritersPlan, WritersReport } from "../programs/turn-writers.ts";
import { report } from "./report.ts";

/** Compares what the sessions hold in the end with what the writers were told. */
interface Outcome {
  readonly acknowledged: number;
  readonly failedCalls: number;
  /** Turns whose last call failed, of which some are stored. */
  readonly givenUp: number;
  readonly givenUpStored: number;
  readonly driverCrashes: number;
  readonly lost: readonly string[];
  readonly broken: readonly string[];
}

/** Runs the writers in a process of their own while `disturb` does its work, then compares what they stored. */
export async function outcomeUnder(
  what: string,
  reader: Client,
  plan: WritersPlan,
  disturb: () => Promise<void>,
): Promise<Outcome> {
  const told = await runWriters(plan, disturb);
  const outcome = compare(told, await readSessions(reader, plan));
  const { acknowledged, failedCalls, givenUp, givenUpStored, driverCrashes, lost, broken } = outcome;
  report(
    `${what}: ${acknowledged} turns acknowledged, ${lost.length} lost, ${broken.length} broken; ${failedCalls} calls failed ` +
      `${JSON.stringify(told.failures)}, ${told.acknowledgedAfterRetry.length} of them then acknowledged by the same ids, ` +
      `${givenUp} turns given up (${givenUpStored} stored, ${givenUp - givenUpStored} not); ${driverCrashes} crashes of the driver's own`,
  );
  return outcome;
}

async function runWriters(plan: WritersPlan, disturb: () => Promise<void>): Promise<WritersReport> {
  const writers = fork("test/programs/turn-writers.ts", [JSON.stringify(plan)], { execArgv: ["--import", "tsx"] });
  const ended = once(writers, "exit").then(([code]) => Promise.reject(new Error(`The writers ended with ${code}.`)));
  const message = async (): Promise<unknown> => (await Promise.race([once(writers, "message"), ended]))[0];
  try {
    await message();
    await Promise.race([disturb(), ended]);
    const report = message();
    writers.send("stop");
    return (await report) as WritersReport;
  } finally {
    writers.kill("SIGKILL");
  }
}

/** The texts of each session, oldest first. */
async function readSessions(reader: Client, { keyspace, table, sessions }: WritersPlan): Promise<string[][]> {
  const query = `SELECT message FROM ${keyspace}.${table} WHERE session_id = ? ORDER BY message_id ASC`;
  const texts: string[][] = [];
  for (let at = 0; at < sessions; at += 1) {
    const options = { prepare: true, fetchSize: 100_000, consistency: types.consistencies.localQuorum };
    const { rows } = await reader.execute(query, [`session ${at}`], options);
    texts.push(rows.map((row) => JSON.parse(row["message"]).data.content));
  }
  return texts;
}

function compare(told: WritersReport, sessions: readonly string[][]): Outcome {
  const stored = new Set<string>();
  const broken: string[] = [];
  for (const texts of sessions) {
    const lastOf = new Map<string, number>();
    for (let at = 0; at < texts.length; at += 2) {
      const name = texts[at]?.split(" ")[0] ?? "";
      const [writer = "", number = ""] = name.split("/");
      // A turn is broken if another turn stands in it, if it was stored before, or if it is older than the writer's last one.
      const whole = texts[at] === `${name} question` && texts[at + 1] === `${name} answer`;
      if (!whole || stored.has(name) || Number(number) <= (lastOf.get(writer) ?? -1)) broken.push(name);
      lastOf.set(writer, Number(number));
      stored.add(name);
    }
  }
  const acknowledged = [...told.acknowledged, ...told.acknowledgedAfterRetry];
  return {
    acknowledged: acknowledged.length,
    failedCalls: Object.values(told.failures).reduce((sum, count) => sum + count, 0),
    givenUp: told.givenUp.length,
    givenUpStored: told.givenUp.filter((name) => stored.has(name)).length,
    driverCrashes: told.driverCrashes,
    lost: acknowledged.filter((name) => !stored.has(name)),
    broken,
  };
}
