import { execFile, spawn } from "node:child_process";
import { openSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { HeldNode, NodeUse } from "./holder.ts";
import { freePort, portOpen } from "./ports.ts";

const run = promisify(execFile);
const POM = join(dirname(fileURLToPath(import.meta.url)), "cassandra-jars.xml");
const DEPENDENCY_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1";
const START_LIMIT_MS = 180_000;

/** Cassandra 5.0 sets a security manager at start, which later JDKs refuse. */
const JAVA_VERSIONS = ["11", "17"];

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

/** A Java that Cassandra runs on, or why there is none. */
export async function findJava(): Promise<{ java: string } | { missing: string }> {
  const home = process.env["JAVA_HOME"];
  for (const java of [...(home === undefined ? [] : [join(home, "bin", "java")]), "java"]) {
    const version = await javaVersion(java);
    if (version !== undefined && JAVA_VERSIONS.includes(version)) return { java };
  }
  return { missing: "no Java 11 or 17 (by JAVA_HOME or on the path)" };
}

async function javaVersion(java: string): Promise<string | undefined> {
  const said = await run(java, ["-version"]).catch(() => undefined);
  return said && /version "(\d+)/.exec(said.stderr)?.[1];
}

export async function hasMaven(): Promise<boolean> {
  return run("mvn", ["--version"]).then(
    () => true,
    () => false,
  );
}

/** One node on loopback, from the published jars; its data goes when it is stopped. */
export async function startFromJars(java: string, use: NodeUse, preferredPort?: number): Promise<HeldNode> {
  const home = await mkdtemp(join(tmpdir(), "cassandra-"));
  const classPath = await resolveJars(home);
  const [port, storagePort] = [await freePort(preferredPort), await freePort()];
  await writeConfiguration(home, port, storagePort, use);
  const log = openSync(join(home, "out.log"), "a");
  const node = spawn(java, javaArguments(home, classPath, use), { cwd: home, stdio: ["ignore", log, log] });
  const exited = new Promise<void>((resolve) => node.once("exit", () => resolve()));
  const stop = async (): Promise<void> => {
    node.kill("SIGKILL");
    await exited;
    await rm(home, { recursive: true, force: true });
  };
  try {
    await Promise.race([
      portOpen(port, START_LIMIT_MS),
      exited.then(() => Promise.reject(new Error("Cassandra ended at its start"))),
    ]);
  } catch (error) {
    const tail = (await readFile(join(home, "out.log"), "utf8")).split("\n").slice(-30).join("\n");
    await stop();
    throw new Error(`Cassandra did not start from its jars. Its last lines:\n${tail}`, { cause: error });
  }
  return { contactPoints: [`127.0.0.1:${port}`], localDataCenter: "datacenter1", stop };
}

/** Maven keeps the jars in its own repository; what comes back is the class path to them. */
async function resolveJars(home: string): Promise<string> {
  const list = join(home, "class-path");
  const goal = [`${DEPENDENCY_PLUGIN}:build-classpath`, `-Dmdep.outputFile=${list}`];
  try {
    await run("mvn", ["--quiet", "--batch-mode", "--file", POM, ...goal]);
  } catch (error) {
    const said = error instanceof Error && "stdout" in error ? String(error.stdout) : "";
    throw new Error(`Maven could not bring Cassandra's jars:\n${said.trim()}`, { cause: error });
  }
  return (await readFile(list, "utf8")).trim();
}

async function writeConfiguration(home: string, port: number, storagePort: number, use: NodeUse): Promise<void> {
  await mkdir(join(home, "triggers"));
  await writeFile(
    join(home, "cassandra.yaml"),
    `cluster_name: test
num_tokens: 1
initial_token: 0
partitioner: org.apache.cassandra.dht.Murmur3Partitioner
auto_bootstrap: false
commitlog_sync: periodic
commitlog_sync_period: 10000ms
commitlog_segment_size: 32MiB
commitlog_total_space: 256MiB
cdc_enabled: false
seed_provider: [{class_name: org.apache.cassandra.locator.SimpleSeedProvider, parameters: [{seeds: "127.0.0.1:${storagePort}"}]}]
listen_address: 127.0.0.1
rpc_address: 127.0.0.1
native_transport_port: ${port}
storage_port: ${storagePort}
endpoint_snitch: SimpleSnitch
concurrent_compactors: 1
memtable_heap_space: ${use === "benchmark" ? 512 : 64}MiB
file_cache_size: 64MiB
auto_snapshot: false
`,
  );
  await writeFile(
    join(home, "logback.xml"),
    `<configuration><appender name="OUT" class="ch.qos.logback.core.ConsoleAppender"><encoder><pattern>%-5level %date{ISO8601} %F:%L - %msg%n</pattern></encoder></appender><root level="INFO"><appender-ref ref="OUT"/></root></configuration>\n`,
  );
}

/** A small node that starts fast, or one that runs fast. */
const MEMORY_AND_COMPILER: Readonly<Record<NodeUse, readonly string[]>> = {
  tests: ["-Xms400m", "-Xmx400m", "-XX:TieredStopAtLevel=1"],
  benchmark: ["-Xms2g", "-Xmx2g"],
};

function javaArguments(home: string, classPath: string, use: NodeUse): string[] {
  const agent = classPath.split(delimiter).find((jar) => /jamm-[\d.]+\.jar$/.test(jar));
  return [
    ...MEMORY_AND_COMPILER[use],
    ...["-Xss256k", "-XX:+UseSerialGC"],
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
    ...["-cp", classPath, "org.apache.cassandra.service.CassandraDaemon"],
  ];
}
