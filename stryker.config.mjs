/** @type {import("@stryker-mutator/api/core").PartialStrykerOptions} */
const config = {
  testRunner: "vitest",
  vitest: { configFile: "vitest.mutation.config.ts" },
  // The modules that need no database.
  mutate: [
    ...["codec/*", "errors/*", "ids/*", "options/*"],
    ...["batches", "call-order", "gathered-adds", "id-queue", "row-codec", "tool-calls", "window"].map(
      (file) => `history/${file}`,
    ),
    ...["abort", "identifiers", "in-flight", "in-flight-limit", "meeting-edits", "row-memory", "statements"].map(
      (file) => `table/${file}`,
    ),
  ]
    .map((layer) => `src/${layer}.ts`)
    // Its limits are held by rows of 16 MiB, which are too slow with mutants in the code.
    .concat("!src/codec/survey.ts"),
  coverageAnalysis: "perTest",
  concurrency: 2,
  // A busy machine must not pass for an endless loop, which Stryker mostly tells by counting.
  timeoutMS: 60_000,
  reporters: ["clear-text", "json", "progress-append-only"],
  clearTextReporter: { allowColor: false, reportTests: false },
  jsonReporter: { fileName: "reports/mutation.json" },
  incrementalFile: "reports/stryker-incremental.json",
  tempDirName: "reports/stryker",
  thresholds: { high: 95, low: 90, break: 90 },
};

// biome-ignore lint/style/noDefaultExport: the only form that Stryker reads.
export default config;
