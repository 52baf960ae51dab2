import { fileURLToPath } from "node:url";
import { defineConfig, type ViteUserConfig } from "vitest/config";

const integration = {
  globalSetup: "test/support/global-setup.ts",
  testTimeout: 120_000,
  hookTimeout: 120_000,
};

/** They compare times, or share the examples' keyspace. */
const alone = ["cost", "long", "examples", "agent-examples", "web-server"].map(
  (name) => `test/integration/${name}.test.ts`,
);

/** The lowest LangChain that the agent's entry point takes, with a LangGraph of its time. */
const lowestLangChain = [
  { find: /^langchain$/, replacement: "langchain-1-3" },
  {
    find: /^@langchain\/langgraph$/,
    replacement: fileURLToPath(
      new URL("node_modules/langchain-1-3/node_modules/@langchain/langgraph/dist/index.js", import.meta.url),
    ),
  },
];

const config: ViteUserConfig = defineConfig({
  test: {
    // They wait for Cassandra more than they compute.
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/unit/**/*.test.ts"],
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: "types",
          include: [],
          typecheck: { enabled: true, only: true, include: ["test/types/**/*.test-d.ts"] },
        },
      },
      {
        test: { name: "integration", include: ["test/integration/**/*.test.ts"], exclude: [...alone], ...integration },
      },
      {
        test: {
          name: "alone",
          include: [...alone],
          // One at a time, and with nothing else beside it.
          fileParallelism: false,
          sequence: { groupOrder: 1 },
          ...integration,
        },
      },
      {
        resolve: { alias: lowestLangChain },
        test: { name: "langchain-1.3", include: ["test/integration/agent/**/*.test.ts"], ...integration },
      },
      {
        test: {
          name: "faults",
          include: ["test/faults/**/*.test.ts"],
          // One cluster at a time, and after the rest.
          fileParallelism: false,
          sequence: { groupOrder: 2 },
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
      { test: { name: "package", include: ["test/package/**/*.test.ts"], testTimeout: 300_000, hookTimeout: 300_000 } },
    ],
  },
});

export default config;
