import type { TestProject } from "vitest/node";
import { findCassandra } from "./cassandra.ts";

declare module "vitest" {
  interface ProvidedContext {
    readonly contactPoints: readonly string[];
    readonly localDataCenter: string;
  }
}

/** One Cassandra for all test files of the project. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const cassandra = await findCassandra({ say: (line) => process.stdout.write(`${line}\n`) });
  project.provide("contactPoints", cassandra.contactPoints);
  project.provide("localDataCenter", cassandra.localDataCenter);
  return cassandra.stop;
}
