/** `npm run cassandra`: a local node to play with, until it is told to end. */
import { findCassandra } from "./cassandra.ts";

const say = (line: string): boolean => process.stdout.write(`${line}\n`);
const { contactPoints, localDataCenter, stop } = await findCassandra({ say, preferredPort: 9042 });
say(`
Connect with
  new Client({ contactPoints: ${JSON.stringify(contactPoints)}, localDataCenter: ${JSON.stringify(localDataCenter)} })
and let examples, tests and benchmarks use it by
  export CASSANDRA_CONTACT_POINTS=${contactPoints.join(",")} CASSANDRA_LOCAL_DC=${localDataCenter}
Ctrl-C stops it, and its data goes with it.`);

const hold = setInterval(() => {}, 1 << 30);
const end = async (): Promise<void> => {
  await stop();
  clearInterval(hold);
};
process.once("SIGINT", () => void end()).once("SIGTERM", () => void end());
