import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Extractor, ExtractorConfig, ExtractorLogLevel } from "@microsoft/api-extractor";
import { expect, onTestFinished, test } from "vitest";
import manifest from "../../package.json" with { type: "json" };

/** The declarations of each entry point, by the name of its report. */
const entries = Object.values(manifest.exports).flatMap((entry) =>
  typeof entry === "string" ? [] : [[entry.import.types.replace(/^.*\/|\.d\.ts$/g, ""), entry.import.types] as const],
);

test.for(entries)(
  "etc/api/%s.api.md shows the public API as it is (if not: run `npm run api`, look at the diff, commit it)",
  async ([name, declarations], { expect }) => {
    await expect(await reportApi(name, resolve(declarations))).toMatchFileSnapshot(resolve(`etc/api/${name}.api.md`));
  },
);

test("etc/api has a report of each entry point, and no other", async () => {
  const reports = await readdir("etc/api");
  expect(reports.sort()).toEqual(entries.map(([name]) => `${name}.api.md`).sort());
});

/** Every public name with its type. Docstrings are left out, but for whether there is one. */
async function reportApi(name: string, declarations: string): Promise<string> {
  const reportTempFolder = await mkdtemp(join(tmpdir(), "api-"));
  onTestFinished(() => rm(reportTempFolder, { recursive: true }));
  const config = ExtractorConfig.prepare({
    configObject: {
      projectFolder: process.cwd(),
      mainEntryPointFilePath: declarations,
      compiler: {
        overrideTsconfig: {
          compilerOptions: { target: "ES2022", module: "nodenext", types: ["node"], strict: true, skipLibCheck: true },
          files: [declarations],
        },
      },
      apiReport: {
        enabled: true,
        reportFileName: `${name}.api.md`,
        reportFolder: reportTempFolder,
        reportTempFolder,
        // Types that public names need without being exported: users depend on those, too.
        includeForgottenExports: true,
      },
      newlineKind: "lf",
      // Notes in the report name lines of the build, which change with every docstring.
      messages: {
        extractorMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
        tsdocMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
      },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: resolve("package.json"),
  });
  const { errorCount } = Extractor.invoke(config, {
    localBuild: true,
    messageCallback: (message) => {
      message.handled = true;
    },
  });
  expect(errorCount).toBe(0);
  return readFile(join(reportTempFolder, `${name}.api.md`), "utf8");
}
