/**
 * A process that runs the nodes of a cluster and obeys commands. When the process that forked it ends, in whichever way, it
 * ends the nodes.
 */
import { findJavaAndMaven } from "./jars.ts";
import { type RunningNodes, startNodes } from "./nodes.ts";

export interface ClusterPlan {
  readonly nodes: number;
  readonly yaml?: string | undefined;
}

/** What can be done to one node. */
export type NodeAction = "kill" | "start" | "freeze" | "resume";

export type ClusterCommand = { readonly id: number } & (
  | { readonly action: "plan"; readonly plan: ClusterPlan }
  | { readonly action: NodeAction; readonly node: number }
);

export type ClusterReply = { readonly id: number } & (
  | { readonly error: string }
  | {
      readonly contactPoints?: readonly string[];
      readonly localDataCenter?: string;
      readonly homes?: readonly string[];
    }
);

let running: Promise<RunningNodes> | undefined;

async function startPlanned({ nodes: count, yaml }: ClusterPlan): Promise<RunningNodes> {
  const found = await findJavaAndMaven();
  if ("missing" in found) {
    throw new Error(
      `These tests run nodes from Cassandra's published jars: install Java 11 or 17 and Maven. Now: ${found.missing}.`,
    );
  }
  return startNodes({ java: found.java, count, yaml });
}

async function obey(command: ClusterCommand): Promise<ClusterReply> {
  if (command.action === "plan") {
    running = startPlanned(command.plan);
    const { contactPoints, localDataCenter, nodes } = await running;
    return { id: command.id, contactPoints, localDataCenter, homes: nodes.map(({ home }) => home) };
  }
  await (await running)?.nodes[command.node]?.[command.action]();
  return { id: command.id };
}

process.on("message", (command: ClusterCommand) => {
  obey(command).then(
    (reply) => process.send?.(reply),
    (error: unknown) =>
      process.send?.({ id: command.id, error: error instanceof Error ? error.message : String(error) }),
  );
});
process.once("disconnect", async () => {
  await running?.then((nodes) => nodes.stop()).catch(() => undefined);
  process.exit(0);
});
