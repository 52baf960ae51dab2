import { defineConfig, type ViteUserConfig } from "vitest/config";

/** What `npm run mutation` runs for each mutant: the unit tests alone, which need no database. */
const config: ViteUserConfig = defineConfig({
  test: {
    name: "unit",
    include: ["test/unit/**/*.test.ts"],
    exclude: [
      // They read pages, and count the lines of src, which are others with Stryker's mutants in them.
      "test/unit/documentation.test.ts",
      "test/unit/layers.test.ts",
      // It measures rows of 16 MiB, for which code with mutants in it takes minutes.
      "test/unit/codec/hostile.test.ts",
    ],
    // Otherwise each file loads the driver and LangChain anew, for each mutant.
    isolate: false,
    setupFiles: "test/support/fixed-seed.ts",
    // Each mutant that never settles costs as much; no test needs a quarter of it.
    testTimeout: 20_000,
  },
});

export default config;
