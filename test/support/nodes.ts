import { randomInt } from "node:crypto";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NodeUse } from "./holder.ts";
import { resolveClassPath } from "./jars.ts";
import { CassandraNode } from "./node.ts";
import { canListen, freePort, portOpen } from "./ports.ts";

interface NodesPlan {
  readonly java: string;
  readonly count: number;
  readonly use?: NodeUse | undefined;
  /** Lines of cassandra.yaml beside the usual ones, for all nodes. */
  readonly yaml?: string | undefined;
  /** Where clients should connect, if that port is free. */
  readonly preferredPort?: number | undefined;
}

/** Nodes on loopback, as one ring. */
export interface RunningNodes {
  readonly nodes: readonly CassandraNode[];
  readonly contactPoints: readonly string[];
  readonly localDataCenter: string;
  /** Kills them all; their data goes with them. */
  readonly stop: () => Promise<void>;
}

/** The first node is the seed: the others can join when it listens to its peers. */
export async function startNodes({
  java,
  count,
  yaml = "",
  use = "tests",
  preferredPort,
}: NodesPlan): Promise<RunningNodes> {
  const classPath = await resolveClassPath();
  const ring = count === 1 ? await lonePlace(preferredPort) : await ringPlaces(count);
  const { addresses, port, storagePort } = ring;
  const root = await mkdtemp(join(tmpdir(), "cassandra-"));
  const nodes = addresses.map((address, at) => {
    const [home, token, seed] = [join(root, address), evenToken(at, count), addresses[0] ?? address];
    return new CassandraNode({ java, classPath, home, address, port, storagePort, seed, token, yaml, use });
  });
  const stop = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.kill()));
    await rm(root, { recursive: true, force: true });
  };
  try {
    await Promise.all(addresses.map((address) => mkdir(join(root, address))));
    await Promise.all(
      nodes.map(async (node, at) => {
        if (at > 0) await portOpen(storagePort, 180_000, addresses[0]);
        await node.start();
      }),
    );
  } catch (error) {
    await stop();
    throw error;
  }
  const contactPoints = addresses.map((address) => `${address}:${port}`);
  return { nodes, contactPoints, localDataCenter: "datacenter1", stop };
}

interface Places {
  readonly addresses: readonly string[];
  readonly port: number;
  readonly storagePort: number;
}

async function lonePlace(preferredPort: number | undefined): Promise<Places> {
  return { addresses: ["127.0.0.1"], port: await freePort(preferredPort), storagePort: await freePort() };
}

/** Drivers look for a node's peers at the usual port, so that a ring needs addresses of its own, not ports. */
async function ringPlaces(count: number): Promise<Places> {
  for (let tries = 0; tries < 100; tries += 1) {
    const subnet = `127.0.${randomInt(1, 255)}`;
    const addresses = Array.from({ length: count }, (_, at) => `${subnet}.${at + 1}`);
    if (await canListen(7000, `${subnet}.1`)) return { addresses, port: 9042, storagePort: 7000 };
  }
  throw new Error("Found no free addresses on loopback for a ring of nodes.");
}

/** Evenly over the ring of the Murmur3 partitioner: all 64-bit numbers. */
function evenToken(at: number, count: number): string {
  return String(-(2n ** 63n) + (BigInt(at) * 2n ** 64n) / BigInt(count));
}
