import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import type { NodeUse } from "./holder.ts";
import { portOpen } from "./ports.ts";

/** One node to be started from the published jars. */
export interface NodePlan {
  readonly java: string;
  readonly classPath: string;
  /** A folder of its own: configuration, data and log. */
  readonly home: string;
  /** On loopback. */
  readonly address: string;
  readonly port: number;
  readonly storagePort: number;
  /** The address of the node that the others join. */
  readonly seed: string;
  readonly token: string;
  readonly use: NodeUse;
  /** Lines of cassandra.yaml beside the usual ones. */
  readonly yaml: string;
}

const START_LIMIT_MS = 180_000;

// The flags of Cassandra's own jvm17-server.options, and what makes a lone test node start fast.
const EXPORTS = [
  "java.base/jdk.internal.misc",
  "java.base/jdk.internal.ref",
  "java.base/java.lang.ref",
  "java.base/sun.nio.ch",
  "java.management.rmi/com.sun.jmx.remote.internal.rmi",
  "java.management/com.sun.jmx.remote.security",
  "java.rmi/sun.rmi.registry",
  "java.rmi/sun.rmi.server",
  "java.sql/java.sql",
  "jdk.unsupported/sun.misc",
];
const OPENS = [
  "java.lang.module",
  "jdk.internal.loader",
  "jdk.internal.ref",
  "jdk.internal.reflect",
  "jdk.internal.math",
  "jdk.internal.module",
  "jdk.internal.util.jar",
  "sun.nio.ch",
  "java.io",
  "java.lang.reflect",
  "java.lang",
  "java.util",
  "java.nio",
];

/** A process that runs one node. When it is killed and started again, it goes on with its data. */
export class CassandraNode {
  readonly #plan: NodePlan;
  #process: ChildProcess | undefined;

  constructor(plan: NodePlan) {
    this.#plan = plan;
  }

  get home(): string {
    return this.#plan.home;
  }

  /** Resolves when clients can connect. */
  async start(): Promise<void> {
    const { java, home, address, port } = this.#plan;
    await writeConfiguration(this.#plan);
    const log = openSync(join(home, "out.log"), "a");
    const node = spawn(java, javaArguments(this.#plan), { cwd: home, stdio: ["ignore", log, log] });
    closeSync(log);
    this.#process = node;
    const ended = new Promise<never>((_, reject) => {
      node.once("exit", () => reject(new Error("Cassandra ended at its start")));
    });
    try {
      await Promise.race([portOpen(port, START_LIMIT_MS, address), ended]);
    } catch (error) {
      const tail = (await readFile(join(home, "out.log"), "utf8")).split("\n").slice(-30).join("\n");
      await this.kill();
      throw new Error(`Cassandra did not start from its jars. Its last lines:\n${tail}`, { cause: error });
    }
  }

  /** Kills the process as `kill -9` does. Resolves when it is gone. */
  async kill(): Promise<void> {
    const node = this.#process;
    if (node === undefined || node.exitCode !== null || node.signalCode !== null) return;
    const exited = new Promise((resolve) => node.once("exit", resolve));
    node.kill("SIGKILL");
    await exited;
  }

  /** Stops the process where it stands, connections open, until `resume`. */
  freeze(): void {
    this.#process?.kill("SIGSTOP");
  }

  resume(): void {
    this.#process?.kill("SIGCONT");
  }
}

async function writeConfiguration({
  home,
  address,
  port,
  storagePort,
  seed,
  token,
  yaml,
  use,
}: NodePlan): Promise<void> {
  await mkdir(join(home, "triggers"), { recursive: true });
  await writeFile(
    join(home, "cassandra.yaml"),
    `cluster_name: test
num_tokens: 1
initial_token: ${token}
partitioner: org.apache.cassandra.dht.Murmur3Partitioner
auto_bootstrap: false
commitlog_sync: periodic
commitlog_sync_period: 10000ms
commitlog_segment_size: 32MiB
commitlog_total_space: 256MiB
cdc_enabled: false
seed_provider: [{class_name: org.apache.cassandra.locator.SimpleSeedProvider, parameters: [{seeds: "${seed}:${storagePort}"}]}]
listen_address: ${address}
rpc_address: ${address}
native_transport_port: ${port}
storage_port: ${storagePort}
endpoint_snitch: SimpleSnitch
concurrent_compactors: 1
memtable_heap_space: ${use === "benchmark" ? 512 : 64}MiB
file_cache_size: 64MiB
auto_snapshot: false
${yaml}`,
  );
  await writeFile(
    join(home, "logback.xml"),
    `<configuration><appender name="OUT" class="ch.qos.logback.core.ConsoleAppender"><encoder><pattern>%-5level %date{ISO8601} %F:%L - %msg%n</pattern></encoder></appender><root level="INFO"><appender-ref ref="OUT"/></root></configuration>\n`,
  );
}

/** For tests, a small node that starts fast. For benchmarks, one that runs fast. */
const MEMORY_AND_COMPILER: Readonly<Record<NodeUse, readonly string[]>> = {
  tests: ["-Xms400m", "-Xmx400m", "-XX:TieredStopAtLevel=1"],
  benchmark: ["-Xms2g", "-Xmx2g"],
};

function javaArguments({ home, classPath, use }: NodePlan): string[] {
  const agent = classPath.split(delimiter).find((jar) => /jamm-[\d.]+\.jar$/.test(jar));
  return [
    ...MEMORY_AND_COMPILER[use],
    ...["-Xss256k", "-XX:+UseSerialGC", "-XX:+UnlockDiagnosticVMOptions", "-XX:-BytecodeVerificationRemote"],
    "-Djdk.attach.allowAttachSelf=true",
    ...EXPORTS.flatMap((name) => ["--add-exports", `${name}=ALL-UNNAMED`]),
    ...OPENS.flatMap((name) => ["--add-opens", `java.base/${name}=ALL-UNNAMED`]),
    ...["--add-opens", "jdk.management/com.sun.management.internal=ALL-UNNAMED"],
    "-Dio.netty.tryReflectionSetAccessible=true",
    "-Djava.net.preferIPv4Stack=true",
    "-Dchronicle.analytics.disable=true",
    `-javaagent:${agent}`,
    "-Dcassandra-foreground=yes",
    `-Dcassandra.config=file://${home}/cassandra.yaml`,
    `-Dcassandra.storagedir=${home}`,
    `-Dcassandra.logdir=${home}`,
    `-Dcassandra.triggers_dir=${home}/triggers`,
    `-Dlogback.configurationFile=file://${home}/logback.xml`,
    "-Dcassandra.skip_wait_for_gossip_to_settle=0",
    "-Dcassandra.superuser_setup_delay_ms=0",
    "-Dcassandra.memtable_row_overhead_computation_step=1000",
    ...["-Dcassandra.ring_delay_ms=5000", "-Dcassandra.shutdown_announce_in_ms=100"],
    ...["-cp", classPath, "org.apache.cassandra.service.CassandraDaemon"],
  ];
}
