import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const POM = join(dirname(fileURLToPath(import.meta.url)), "cassandra-jars.xml");
const DEPENDENCY_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1";

/** Cassandra 5.0 sets a security manager at start, which later JDKs refuse. */
const JAVA_VERSIONS = ["11", "17"];

/** A Java that Cassandra runs on, with Maven beside it to bring the jars, or what is missing. */
export async function findJavaAndMaven(): Promise<{ java: string } | { missing: string }> {
  const [java, maven] = await Promise.all([findJava(), hasMaven()]);
  if (java !== undefined && maven) return { java };
  const missing = [
    java === undefined && "no Java 11 or 17 (by JAVA_HOME or on the path)",
    !maven && "no Maven (`mvn`) on the path",
  ];
  return { missing: missing.filter(Boolean).join(", ") };
}

async function findJava(): Promise<string | undefined> {
  const home = process.env["JAVA_HOME"];
  for (const java of [...(home === undefined ? [] : [join(home, "bin", "java")]), "java"]) {
    const version = await javaVersion(java);
    if (version !== undefined && JAVA_VERSIONS.includes(version)) return java;
  }
  return undefined;
}

async function javaVersion(java: string): Promise<string | undefined> {
  const said = await run(java, ["-version"]).catch(() => undefined);
  return said && /version "(\d+)/.exec(said.stderr)?.[1];
}

async function hasMaven(): Promise<boolean> {
  return run("mvn", ["--version"]).then(
    () => true,
    () => false,
  );
}

/** Maven keeps the jars in its own repository; what comes back is the class path to them. */
export async function resolveClassPath(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "cassandra-jars-"));
  const list = join(folder, "class-path");
  const goal = [`${DEPENDENCY_PLUGIN}:build-classpath`, `-Dmdep.outputFile=${list}`];
  try {
    await run("mvn", ["--quiet", "--batch-mode", "--file", POM, ...goal]);
    return (await readFile(list, "utf8")).trim();
  } catch (error) {
    const said = error instanceof Error && "stdout" in error ? String(error.stdout) : "";
    throw new Error(`Maven could not bring Cassandra's jars:\n${said.trim()}`, { cause: error });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
