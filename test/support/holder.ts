/**
 * A process that starts a Cassandra and writes in one line of JSON where it is. It stops the Cassandra when its standard input
 * closes, or on a signal. So nothing is left behind, even if the process that started it is killed.
 */
import { startInDocker, whyNoDocker } from "./docker.ts";
import { findJavaAndMaven } from "./jars.ts";
import { startNodes } from "./nodes.ts";

export interface HeldNode {
  readonly contactPoints: readonly string[];
  readonly localDataCenter: string;
  readonly stop: () => Promise<void>;
}

/** What a node is for. */
export type NodeUse = "tests" | "benchmark";

/** What the holder writes: one object a line. */
export type HolderMessage =
  | { readonly starting: string }
  | { readonly failed: string }
  | { readonly error: string }
  | { readonly took: string; readonly contactPoints: readonly string[]; readonly localDataCenter: string };

const use: NodeUse = process.argv[2] === "benchmark" ? "benchmark" : "tests";
const preferredPort = process.argv[3] === undefined ? undefined : Number(process.argv[3]);
let node: Promise<HeldNode> | undefined;
let ending = false;

function say(message: HolderMessage): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

async function start(): Promise<HeldNode> {
  const docker = await tryDocker();
  if (typeof docker !== "string") return docker;
  const found = await findJavaAndMaven();
  if ("missing" in found) throw new Error(noWay(docker, found.missing));
  say({
    starting: "a Cassandra from its published jars, by Maven and Java (the first time they have to be downloaded)",
  });
  const held = await startNodes({ java: found.java, count: 1, use, preferredPort });
  return announce(held, "Java: Apache Cassandra 5.0 from its published jars, on loopback");
}

/** The node, or the reason why Docker gives none. An engine may run and still not get the image. */
async function tryDocker(): Promise<HeldNode | string> {
  const missing = await whyNoDocker();
  if (missing !== undefined) return missing;
  say({ starting: "a Cassandra in Docker, through Testcontainers (its image may have to be pulled first)" });
  try {
    const held = await startInDocker(use, preferredPort);
    return announce(held, `Docker: a container of ${held.image}, through Testcontainers`);
  } catch (error) {
    const why = describeError(error);
    say({ failed: `Docker could not start one: ${why}` });
    return why;
  }
}

function announce(held: HeldNode, took: string): HeldNode {
  say({ took, contactPoints: held.contactPoints, localDataCenter: held.localDataCenter });
  return held;
}

function describeError(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).trim();
}

function noWay(docker: string, javaAndMaven: string): string {
  return `No Cassandra was found, and none can be started. Do one of these, then run this again:
  1. Run a cluster of your own, for instance by \`docker compose up --wait\`, and set CASSANDRA_CONTACT_POINTS=127.0.0.1:9042
     (and CASSANDRA_LOCAL_DC where the data centre is not "datacenter1"). Now: CASSANDRA_CONTACT_POINTS is not set.
  2. Start Docker: a container is then started and removed by itself. Now: ${docker}.
  3. Install Java 11 or 17 and Maven: the same Cassandra then runs from its published jars. Now: ${javaAndMaven}.`;
}

async function end(): Promise<void> {
  if (ending) return;
  ending = true;
  await node?.then((held) => held.stop()).catch(() => undefined);
  process.exit(0);
}

process.stdin
  .resume()
  .once("end", () => void end())
  .once("error", () => void end());
process.once("SIGTERM", () => void end()).once("SIGINT", () => void end());

node = start();
node.catch((error: unknown) => {
  say({ error: describeError(error) });
  process.exit(1);
});
