import type { TestProject } from "vitest/node";
import { findCassandra, type RunningCassandra } from "./cassandra.ts";

declare module "vitest" {
  interface ProvidedContext {
    readonly contactPoints: readonly string[];
    readonly localDataCenter: string;
  }
}

/** What the projects of one run share. It is global, as each project loads this file anew. */
interface SharedCassandra {
  readonly found: Promise<RunningCassandra>;
  users: number;
}

const SHARED: symbol = Symbol.for("langchain-cassandra-history.test-cassandra");

function shareCassandra(): SharedCassandra {
  const existing: SharedCassandra | undefined = Reflect.get(globalThis, SHARED);
  const shared = existing ?? {
    found: findCassandra({ say: (line) => process.stdout.write(`${line}\n`) }),
    users: 0,
  };
  Reflect.set(globalThis, SHARED, shared);
  shared.users += 1;
  return shared;
}

/** One Cassandra for all test files of all projects. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const shared = shareCassandra();
  const { contactPoints, localDataCenter, stop } = await shared.found;
  project.provide("contactPoints", contactPoints);
  project.provide("localDataCenter", localDataCenter);
  return async () => {
    shared.users -= 1;
    if (shared.users > 0) return;
    Reflect.deleteProperty(globalThis, SHARED);
    await stop();
  };
}
