import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "tsdown";
import { onTestFinished } from "vitest";

/**
 * One of `test/programs` with all that it imports as one file, for a program that is started many times: that takes half
 * the time, most of which is spent on finding and compiling modules. Gone when the test has ended.
 */
export async function bundleProgram(name: string): Promise<string> {
  const outDir = await mkdtemp(join(tmpdir(), "program-"));
  onTestFinished(() => rm(outDir, { recursive: true }));
  await build({
    config: false,
    entry: [`test/programs/${name}.ts`],
    outDir,
    format: "esm",
    platform: "node",
    dts: false,
    noExternal: [/./],
    logLevel: "error",
  });
  return join(outDir, `${name}.mjs`);
}
