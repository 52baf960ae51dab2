import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { access, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const POM = join(dirname(fileURLToPath(import.meta.url)), "cassandra-jars.xml");
const CACHE = fileURLToPath(new URL("../../node_modules/.cache/cassandra-jars/", import.meta.url));
const DEPENDENCY_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1";

/** Cassandra 5.0 sets a security manager at start, which later JDKs refuse. */
const JAVA_VERSIONS = ["11", "17"];

/** A Java that Cassandra runs on, if Maven is there too, else what is missing. */
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
  const answer = await run(java, ["-version"]).catch(() => undefined);
  return answer && /version "(\d+)/.exec(answer.stderr)?.[1];
}

async function hasMaven(): Promise<boolean> {
  return run("mvn", ["--version"]).then(
    () => true,
    () => false,
  );
}

/** The class path to Cassandra's jars. Maven takes seconds to find them again, so its answer is kept while the jars are there. */
export async function resolveClassPath(): Promise<string> {
  const pom = createHash("sha256")
    .update(await readFile(POM))
    .digest("hex");
  const kept = join(CACHE, `class-path-${pom}.txt`);
  const known = await readFile(kept, "utf8").catch(() => "");
  if (known !== "" && (await areThere(known.split(delimiter)))) return known;
  const classPath = await askMaven();
  await mkdir(CACHE, { recursive: true });
  // In one step, as another process may read it at this moment.
  const written = `${kept}.${process.pid}`;
  await writeFile(written, classPath);
  await rename(written, kept);
  return classPath;
}

async function areThere(files: readonly string[]): Promise<boolean> {
  return Promise.all(files.map((file) => access(file))).then(
    () => true,
    () => false,
  );
}

/** Has Maven download the jars into its own repository. */
async function askMaven(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "cassandra-jars-"));
  const list = join(folder, "class-path");
  const goal = [`${DEPENDENCY_PLUGIN}:build-classpath`, `-Dmdep.outputFile=${list}`];
  try {
    await run("mvn", ["--quiet", "--batch-mode", "--file", POM, ...goal]);
    return (await readFile(list, "utf8")).trim();
  } catch (error) {
    const output = error instanceof Error && "stdout" in error ? String(error.stdout) : "";
    throw new Error(`Maven could not bring Cassandra's jars:\n${output.trim()}`, { cause: error });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
