/**
 * Many writers in one process add numbered turns to sessions picked at random, until they are told to stop. A turn that
 * fails is given up, or, every other time, tried again with the ids of the failed attempt until it is acknowledged. What
 * became of each turn goes to the parent at the end.
 */
import { setTimeout as delay } from "node:timers/promises";
import { AIMessage, HumanMessage } from "@langchain/core/messages";
import { Client, policies, types } from "cassandra-driver";
import { CassandraChatMessageHistory, CassandraHistoryError } from "../../src/index.ts";

export interface WritersPlan {
  readonly contactPoints: readonly string[];
  readonly localDataCenter: string;
  readonly keyspace: string;
  readonly table: string;
  readonly writers: number;
  readonly sessions: number;
  readonly pauseMs: number;
  /** Where to connect instead of a node's own address: both as "address:port". */
  readonly proxies: Readonly<Record<string, string>>;
}

export interface WritersReport {
  /** Turns by their name, "writer/number", in the order in which each writer made them. */
  readonly acknowledged: readonly string[];
  readonly givenUp: readonly string[];
  readonly acknowledgedAfterRetry: readonly string[];
  /** How many calls failed, by the code of the error and the name of its cause. */
  readonly failures: Readonly<Record<string, number>>;
  /** Unhandled rejections of the driver itself: see docs/operations.md. */
  readonly driverCrashes: number;
}

const plan: WritersPlan = JSON.parse(process.argv[2] ?? "{}");
const report = {
  acknowledged: [] as string[],
  givenUp: [] as string[],
  acknowledgedAfterRetry: [] as string[],
  failures: {} as Record<string, number>,
  driverCrashes: 0,
};
let stopped = false;

process.on("unhandledRejection", (reason) => {
  // Of the driver's control connection (NODEJS-681); any other one is an error of ours.
  if (!(reason instanceof TypeError && /control-connection/.test(reason.stack ?? ""))) throw reason;
  report.driverCrashes += 1;
});

const throughProxies = Object.assign(policies.defaultAddressTranslator(), {
  translate: (address: string, port: number, callback: (endpoint: string) => void): void => {
    const endpoint = `${address}:${port}`;
    callback(plan.proxies[endpoint] ?? endpoint);
  },
});
const client = new Client({
  contactPoints: [...plan.contactPoints],
  localDataCenter: plan.localDataCenter,
  queryOptions: { consistency: types.consistencies.localQuorum },
  // One version less to try, so that connections are made between two cuts.
  protocolOptions: { maxVersion: 4 },
  policies: {
    reconnection: new policies.reconnection.ConstantReconnectionPolicy(100),
    addressResolution: throughProxies,
  },
});

function openSession(): CassandraChatMessageHistory {
  const sessionId = `session ${Math.floor(Math.random() * plan.sessions)}`;
  return new CassandraChatMessageHistory({ client, keyspace: plan.keyspace, table: plan.table, sessionId });
}

async function addTurn(name: string): Promise<void> {
  const history = openSession();
  const turn = [new HumanMessage(`${name} question`), new AIMessage(`${name} answer`)];
  let ids: readonly string[] | undefined;
  for (;;) {
    try {
      await history.append(turn, { ids });
      (ids === undefined ? report.acknowledged : report.acknowledgedAfterRetry).push(name);
      return;
    } catch (error) {
      if (!(error instanceof CassandraHistoryError)) throw error;
      const kind = `${error.code} <- ${error.cause instanceof Error ? error.cause.name : error.cause}`;
      report.failures[kind] = (report.failures[kind] ?? 0) + 1;
      if (stopped || Math.random() < 0.5 || error.ids === undefined) return void report.givenUp.push(name);
      ids = error.ids;
      await delay(20);
    }
  }
}

async function write(writer: number): Promise<void> {
  for (let turn = 0; !stopped && turn < 1_000_000; turn += 1) {
    await addTurn(`${writer}/${turn}`);
    await delay(plan.pauseMs);
  }
}

await openSession().setup();
process.once("message", () => {
  stopped = true;
});
process.once("disconnect", () => process.exit(1));
process.send?.("ready");
await Promise.all(Array.from({ length: plan.writers }, (_, writer) => write(writer)));
await client.shutdown().catch(() => undefined);
process.send?.(report, () => process.exit(0));
