import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { HolderMessage, NodeUse } from "./holder.ts";

/** A real Cassandra to connect to. */
export interface RunningCassandra {
  readonly contactPoints: readonly string[];
  readonly localDataCenter: string;
  /** Stops what was started here; a cluster that was found is left alone. */
  readonly stop: () => Promise<void>;
}

interface FindOptions {
  /** Called with one line for each step, and at the end with what was taken. */
  readonly say: (line: string) => void;
  /** Where a started node should listen, if that port is free. */
  readonly preferredPort?: number;
  /** What a started node is for: a benchmark's has a heap of 2 GB and compiles fully. */
  readonly use?: NodeUse;
}

/**
 * Takes the first of these that is there: the cluster that CASSANDRA_CONTACT_POINTS names, a container, a node from the
 * published jars. If there is none, the error says how to get each.
 */
export async function findCassandra({ say, preferredPort, use = "tests" }: FindOptions): Promise<RunningCassandra> {
  const given = process.env["CASSANDRA_CONTACT_POINTS"];
  if (given === undefined || given === "") return startHolder(say, preferredPort, use);
  say(`Cassandra: the cluster that CASSANDRA_CONTACT_POINTS names (${given})`);
  return {
    contactPoints: given.split(","),
    localDataCenter: process.env["CASSANDRA_LOCAL_DC"] ?? "datacenter1",
    stop: async () => {},
  };
}

async function startHolder(
  say: FindOptions["say"],
  preferredPort: number | undefined,
  use: NodeUse,
): Promise<RunningCassandra> {
  const began = Date.now();
  const program = fileURLToPath(new URL("holder.ts", import.meta.url));
  // Detached, so that Ctrl-C does not reach it. It ends when its pipe closes, after this process has ended.
  const holder = spawn(
    process.execPath,
    ["--import", "tsx", program, use, ...(preferredPort ? [`${preferredPort}`] : [])],
    {
      detached: true,
      stdio: ["pipe", "pipe", "inherit"],
    },
  );
  for await (const line of createInterface({ input: holder.stdout })) {
    const message: HolderMessage = JSON.parse(line);
    if ("error" in message) throw new Error(message.error);
    if ("starting" in message) say(`Cassandra: starting ${message.starting} …`);
    else if ("failed" in message) say(`Cassandra: ${message.failed}`);
    else {
      say(`Cassandra: took ${message.took}, ready after ${((Date.now() - began) / 1000).toFixed(1)} s`);
      const { contactPoints, localDataCenter } = message;
      return { contactPoints, localDataCenter, stop: () => release(holder) };
    }
  }
  throw new Error("Starting a Cassandra ended without an answer.");
}

async function release(holder: ChildProcess): Promise<void> {
  const exited = new Promise((resolve) => holder.once("exit", resolve));
  holder.stdin?.end();
  await exited;
}
