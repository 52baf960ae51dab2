import { CassandraContainer } from "@testcontainers/cassandra";
import { getContainerRuntimeClient } from "testcontainers";
import type { HeldNode, NodeUse } from "./holder.ts";
import { freePort } from "./ports.ts";

const IMAGE = process.env["CASSANDRA_IMAGE"] ?? "cassandra:5.0";
const DATA_CENTER = "datacenter1";

/** Undefined if a Docker engine answers, else the reason why not. */
export async function whyNoDocker(): Promise<string | undefined> {
  return getContainerRuntimeClient().then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
}

/** One node in a container. The container is removed when it is stopped, or by Testcontainers' reaper if we cannot. */
export async function startInDocker(
  use: NodeUse,
  preferredPort?: number,
): Promise<HeldNode & { readonly image: string }> {
  const [heap, young] = use === "benchmark" ? ["2G", "512M"] : ["512M", "128M"];
  const container = new CassandraContainer(IMAGE)
    .withDatacenter(DATA_CENTER)
    .withEnvironment({ MAX_HEAP_SIZE: heap, HEAP_NEWSIZE: young })
    // The module gives each try of cqlsh one second. On a slow machine, starting Python alone takes longer.
    .withHealthCheck({
      test: ["CMD-SHELL", 'cqlsh -e "SELECT release_version FROM system.local"'],
      interval: 2_000,
      timeout: 30_000,
      retries: 100,
      startPeriod: 1_000,
    })
    .withStartupTimeout(300_000);
  if (preferredPort !== undefined) container.withExposedPorts({ container: 9042, host: await freePort(preferredPort) });
  const started = await container.start();
  return {
    image: IMAGE,
    contactPoints: [started.getContactPoint()],
    localDataCenter: DATA_CENTER,
    stop: async () => {
      await started.stop({ remove: true, removeVolumes: true });
    },
  };
}
