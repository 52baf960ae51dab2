import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import type { StoredMessage } from "@langchain/core/messages";

const run = promisify(execFile);
const root = resolve(import.meta.dirname, "../..");
/** Git ignores this folder. It is filled once, and again when the requirements change. */
const packages = join(root, ".python");
const requirements = join(root, "test/python/requirements.txt");

export async function hasPython(): Promise<boolean> {
  return run("python3", ["-m", "pip", "--version"]).then(
    () => true,
    () => false,
  );
}

/** Installs LangChain's Python class and what it needs into a folder of the checkout. */
export async function installPython(): Promise<void> {
  const wanted = await readFile(requirements, "utf8");
  const stamp = join(packages, "installed.txt");
  if ((await readFile(stamp, "utf8").catch(() => "")) === wanted) return;
  await mkdir(packages, { recursive: true });
  const quiet = ["--quiet", "--disable-pip-version-check", "--no-warn-script-location", "--upgrade"];
  await run("python3", ["-m", "pip", "install", ...quiet, "--target", packages, "-r", requirements]);
  await writeFile(stamp, wanted);
}

/** A Python program that answers each line with a line of JSON, one at a time. */
export class PythonProcess {
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #exited: Promise<void>;

  private constructor(process: ChildProcess, lines: AsyncIterator<string>) {
    this.#process = process;
    this.#lines = lines;
    this.#exited = new Promise((resolve) => process.once("exit", () => resolve()));
  }

  /** Resolves when the program has said that it is ready. */
  static async start(program: string, args: readonly string[]): Promise<PythonProcess> {
    const child = spawn("python3", ["-W", "ignore", join(root, program), ...args], {
      env: { ...process.env, PYTHONPATH: packages },
      stdio: ["pipe", "pipe", "inherit"],
    });
    const started = new PythonProcess(child, createInterface({ input: child.stdout })[Symbol.asyncIterator]());
    await started.#answer();
    return started;
  }

  async ask(request: object): Promise<unknown> {
    this.#process.stdin?.write(`${JSON.stringify(request)}\n`);
    return this.#answer();
  }

  async stop(): Promise<void> {
    this.#process.stdin?.end();
    await this.#exited;
  }

  async #answer(): Promise<unknown> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error("The Python process ended; its error is above.");
    return JSON.parse(value).answer;
  }
}

/** LangChain's Python `CassandraChatMessageHistory`. */
export class PythonPeer {
  readonly #process: PythonProcess;

  private constructor(process: PythonProcess) {
    this.#process = process;
  }

  static async start(contactPoints: readonly string[], keyspace: string, table: string): Promise<PythonPeer> {
    return new PythonPeer(await PythonProcess.start("test/python/peer.py", [contactPoints.join(","), keyspace, table]));
  }

  add(session: string, messages: readonly StoredMessage[]): Promise<unknown> {
    return this.#process.ask({ do: "add", session, messages });
  }

  writeNumbers(session: string): Promise<unknown> {
    return this.#process.ask({ do: "write_numbers", session });
  }

  async read(session: string): Promise<StoredMessage[]> {
    const answer = await this.#process.ask({ do: "read", session });
    return Array.isArray(answer) ? answer : [];
  }

  clear(session: string): Promise<unknown> {
    return this.#process.ask({ do: "clear", session });
  }

  stop(): Promise<void> {
    return this.#process.stop();
  }
}
