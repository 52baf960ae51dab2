import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "tsdown";
import { onTestFinished } from "vitest";

/**
 * Bundles one of `test/programs` with all that it imports into one file. Use it for a program that is started many times: the
 * start takes a fraction of the time, as no modules have to be found and compiled. The file is removed after the test.
 */
export async function bundleProgram(
  name: string,
  { minify = false }: { readonly minify?: boolean } = {},
): Promise<string> {
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
    minify,
    logLevel: "error",
  });
  return join(outDir, `${name}.mjs`);
}
