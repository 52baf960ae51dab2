import { defineConfig, type UserConfig } from "tsdown";

const config: UserConfig = defineConfig({
  entry: { index: "src/index.ts", agent: "src/agent/index.ts" },
  format: ["esm", "cjs"],
  outExtensions: ({ format }) => (format === "cjs" ? { js: ".cjs", dts: ".d.cts" } : { js: ".js", dts: ".d.ts" }),
  platform: "node",
  target: "node20",
  dts: { oxc: true },
  sourcemap: true,
  // A package that resolves wrongly for anyone must not be built at all.
  publint: { level: "suggestion", strict: true },
  attw: { profile: "node16", level: "error" },
});

export default config;
