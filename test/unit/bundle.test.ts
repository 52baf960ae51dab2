import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { bundleProgram } from "../support/bundle.ts";

test("a minified bundle of application, library and driver tells the same of every error of the driver", async () => {
  const [plain, minified] = await Promise.all(
    [false, true].map(async (minify) => {
      const program = await bundleProgram("driver-failures", { minify });
      const { stdout } = await promisify(execFile)(process.execPath, [program], { maxBuffer: 1e8 });
      return JSON.parse(stdout);
    }),
  );
  expect([plain.isMinified, minified.isMinified]).toEqual([false, true]);
  expect(plain.told.length).toBeGreaterThan(100);
  expect(minified.told).toEqual(plain.told);
  expect(JSON.stringify(minified.told)).not.toMatch(/the-user|10\.0\.0\.1/);
  expect(JSON.stringify(minified.told)).toContain("The cluster refused the login");
});
