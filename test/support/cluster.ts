import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Client, type ClientOptions, types } from "cassandra-driver";
import type { ClusterCommand, ClusterPlan, ClusterReply, NodeAction } from "./cluster-holder.ts";

/** Real nodes on loopback that can be killed, frozen and started again, by their number from 0. */
export interface Cluster extends Readonly<Record<NodeAction, (node: number) => Promise<void>>> {
  readonly contactPoints: readonly string[];
  readonly localDataCenter: string;
  /** Each node's own folder; its tables are in `data`. */
  readonly homes: readonly string[];
  readonly stop: () => Promise<void>;
}

/** Resolves when a client can log in and every node knows every other. */
export async function startCluster(plan: ClusterPlan, options: Partial<ClientOptions> = {}): Promise<Cluster> {
  const program = fileURLToPath(new URL("cluster-holder.ts", import.meta.url));
  // Detached, so that Ctrl-C does not reach it. It ends when this process has ended.
  const holder = fork(program, { execArgv: ["--import", "tsx"], detached: true });
  const send = talkTo(holder);
  const { contactPoints = [], localDataCenter = "", homes = [] } = await send({ action: "plan", plan });
  const act = (action: NodeAction) => async (node: number) => void (await send({ action, node }));
  await untilComplete({ ...options, contactPoints: [...contactPoints], localDataCenter });
  return {
    contactPoints,
    localDataCenter,
    homes,
    kill: act("kill"),
    start: act("start"),
    freeze: act("freeze"),
    resume: act("resume"),
    stop: async () => {
      const exited = new Promise((resolve) => holder.once("exit", resolve));
      holder.disconnect();
      await exited;
    },
  };
}

type WithoutId<Command> = Command extends unknown ? Omit<Command, "id"> : never;
type Answer = Exclude<ClusterReply, { readonly error: string }>;

function talkTo(holder: ChildProcess): (command: WithoutId<ClusterCommand>) => Promise<Answer> {
  let last = 0;
  const gone = once(holder, "exit").then(() => Promise.reject(new Error("The process that holds the cluster ended.")));
  gone.catch(() => {});
  return (command) => {
    const id = ++last;
    return new Promise((resolve, reject) => {
      const takeReply = (reply: ClusterReply): void => {
        if (reply.id !== id) return;
        holder.off("message", takeReply);
        if ("error" in reply) reject(new Error(reply.error));
        else resolve(reply);
      };
      holder.on("message", takeReply);
      gone.catch(reject);
      holder.send({ id, ...command });
    });
  };
}

async function untilComplete(options: ClientOptions & { contactPoints: string[] }): Promise<void> {
  let seen: unknown = "no answer";
  for (const limit = Date.now() + 60_000; Date.now() < limit; ) {
    seen = await countNodes(options).catch((error: unknown) => error);
    if (seen === options.contactPoints.length) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`The nodes did not find each other within 60 s: ${seen}`);
}

/** How many nodes are known to the node that knows the fewest. Each node tells only what it has learned from the others. */
async function countNodes({ contactPoints, ...options }: ClientOptions & { contactPoints: string[] }): Promise<number> {
  const counts = contactPoints.map(async (contactPoint) => {
    const client = new Client({ ...options, contactPoints: [contactPoint] });
    try {
      await client.connect();
      return [...client.hosts.values()].filter((host) => host.isUp()).length;
    } finally {
      await client.shutdown();
    }
  });
  return Math.min(...(await Promise.all(counts)));
}

/** A connected client of the cluster that asks a majority of the replicas. */
export async function openCluster(
  { contactPoints, localDataCenter }: Pick<Cluster, "contactPoints" | "localDataCenter">,
  options: Partial<ClientOptions> = {},
): Promise<Client> {
  const client = new Client({
    contactPoints: [...contactPoints],
    localDataCenter,
    queryOptions: { consistency: types.consistencies.localQuorum },
    ...options,
  });
  await client.connect();
  return client;
}
