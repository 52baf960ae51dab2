import { type ChildProcess, execFile, spawn } from "node:child_process";
import { chown, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort, portOpen } from "../test/support/ports.ts";

const run = promisify(execFile);
const START_LIMIT_MS = 30_000;

/** A server of the benchmark's own: on loopback, with data in a folder that goes when it is stopped. */
export interface Server {
  readonly port: number;
  readonly version: string;
  readonly stop: () => Promise<void>;
}

/** Redis that keeps what it is told: append only, fsync every second. Rejects where there is none. */
export async function startRedis(): Promise<Server> {
  const version = (await run("redis-server", ["--version"])).stdout.split(" ")[2]?.slice(2) ?? "";
  const folder = await mkdtemp(join(tmpdir(), "bench-redis-"));
  const port = await freePort();
  const persistence = ["--appendonly", "yes", "--appendfsync", "everysec", "--save", ""];
  const args = ["--bind", "127.0.0.1", "--port", `${port}`, "--dir", folder, ...persistence];
  return hold(spawn("redis-server", args, { stdio: "ignore" }), port, `Redis ${version}`, folder);
}

/** PostgreSQL as `initdb` sets it up. It refuses to run as root, so that root becomes the package's own user. */
export async function startPostgres(): Promise<Server> {
  const bin = await findPostgres();
  const folder = await mkdtemp(join(tmpdir(), "bench-postgres-"));
  const user = process.getuid?.() === 0 ? await idsOf("postgres") : {};
  if (user.uid !== undefined && user.gid !== undefined) await chown(folder, user.uid, user.gid);
  const data = join(folder, "data");
  await run(join(bin, "initdb"), ["-D", data, "-U", "bench", "-A", "trust"], { ...user, cwd: folder });
  const version = (await run(join(bin, "postgres"), ["--version"])).stdout.split(" ")[2]?.trim() ?? "";
  const port = await freePort();
  const args = ["-D", data, "-p", `${port}`, "-c", "listen_addresses=127.0.0.1", "-k", folder];
  const server = spawn(join(bin, "postgres"), args, { ...user, cwd: folder, stdio: "ignore" });
  return hold(server, port, `PostgreSQL ${version}`, folder);
}

async function findPostgres(): Promise<string> {
  const versions = await readdir("/usr/lib/postgresql");
  return join("/usr/lib/postgresql", versions.toSorted((a, b) => Number(b) - Number(a))[0] ?? "", "bin");
}

async function idsOf(user: string): Promise<{ uid?: number; gid?: number }> {
  const [uid, gid] = await Promise.all(
    ["-u", "-g"].map(async (flag) => Number((await run("id", [flag, user])).stdout)),
  );
  return { ...(uid !== undefined && { uid }), ...(gid !== undefined && { gid }) };
}

async function hold(server: ChildProcess, port: number, version: string, folder: string): Promise<Server> {
  const exited = new Promise<void>((resolve) => server.once("exit", () => resolve()).once("error", () => resolve()));
  // SIGINT is PostgreSQL's fast shutdown; Redis takes it as well.
  const end = (): boolean => server.kill("SIGINT");
  process.once("exit", end);
  const stop = async (): Promise<void> => {
    end();
    await exited;
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await portOpen(port, START_LIMIT_MS);
  } catch (error) {
    await stop();
    throw error;
  }
  return { port, version, stop };
}
