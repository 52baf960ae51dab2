import { mapChatMessagesToStoredMessages } from "@langchain/core/messages";
import { installPython, PythonProcess } from "../../test/support/python.ts";
import type { Sample } from "../measure.ts";
import type { RemoteContender, Task } from "./contender.ts";

/** LangChain's Python `CassandraChatMessageHistory`, on the same Cassandra. */
export class PythonContender implements RemoteContender {
  readonly name = "LangChain's Python class";
  readonly #process: PythonProcess;

  private constructor(process: PythonProcess) {
    this.#process = process;
  }

  static async start(contactPoints: readonly string[], keyspace: string): Promise<PythonContender> {
    await installPython();
    const args = [contactPoints.join(","), keyspace, "python_messages"];
    return new PythonContender(await PythonProcess.start("bench/contenders/timed.py", args));
  }

  async prepare({ messages, ...task }: Task): Promise<(operations: number) => Promise<Sample>> {
    const prepared = await this.#process.ask({ task, messages: mapChatMessagesToStoredMessages([...messages]) });
    return async (operations) => sampleFrom(await this.#process.ask({ prepared, operations }));
  }

  /** What runs there, in words. */
  async describe(): Promise<string> {
    const versions = String(await this.#process.ask({ describe: true }));
    return `${this.name} (${versions}) does the same in a process of its own, takes turns with the others, and takes the time itself. It is called from one thread; what needs calls at once is left out.`;
  }

  stop(): Promise<void> {
    return this.#process.stop();
  }
}

function sampleFrom(answer: unknown): Sample {
  const { wall, cpu } = Object(answer);
  if (typeof wall === "number" && typeof cpu === "number") return { wall, cpu };
  throw new Error(`Expected what a sample took, got ${JSON.stringify(answer)}.`);
}
