import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { between } from "../../bench/report.ts";
import type { ChatHistoryMiddlewareOptions } from "../../src/agent/index.ts";
import {
  type CassandraChatMessageHistory,
  type CassandraChatMessageHistoryOptions,
  type CassandraHistoryErrorCode,
  createTableStatement,
} from "../../src/index.ts";
import {
  anchors,
  clicksFrom,
  codeBlocks,
  FRAGMENT,
  firstStrayLine,
  isExternal,
  links,
  namedFile,
  prose,
  readOtherPages,
  readPage,
  readPages,
  resolveLink,
} from "../support/documentation.ts";
import { syntaxErrors, typeErrors } from "../support/snippets.ts";

const pages = readPages();
const readme = readPage("README.md");
const blocks = pages.flatMap(codeBlocks);
const programs = blocks.filter(({ language }) => ["ts", "typescript", "js", "javascript"].includes(language));
const own = [...pages, ...readOtherPages()].flatMap(links).filter((link) => !isExternal(link));
const manifest: {
  readonly engines: { readonly node: string };
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly scripts: Readonly<Record<string, string>>;
} = JSON.parse(readFileSync("package.json", "utf8"));

test("a block that names a file shows lines of that file, in their order", () => {
  const named = programs.flatMap((block) => {
    const file = namedFile(block);
    return file === undefined ? [] : [{ block, file }];
  });
  expect(named.length).toBeGreaterThan(10);
  const stray = named.flatMap(({ block, file }) => {
    if (!existsSync(file)) return [`${block.page}:${block.line}: there is no ${file}`];
    const line = firstStrayLine(block, file);
    return line === undefined ? [] : [`${block.page}:${block.line}: not in ${file}, or not in this place: ${line}`];
  });
  expect(stray).toEqual([]);
});

test("every other block of TypeScript is a program that compiles", () => {
  const whole = programs.filter((block) => namedFile(block) === undefined && !isFragment(block));
  expect(whole).not.toEqual([]);
  expect(typeErrors(whole)).toEqual([]);
});

test("no block has an error of syntax, be it an excerpt or a part of a program", () => {
  expect(syntaxErrors(programs)).toEqual([]);
});

test("few blocks are parts of a program that no file holds", () => {
  expect(programs.filter(isFragment).length).toBeLessThanOrEqual(5);
});

function isFragment({ code }: { readonly code: string }): boolean {
  return code.startsWith(`${FRAGMENT}\n`);
}

test("the README shows the first use word for word", () => {
  expect(readme.text).toContain(`\`\`\`ts\n${readFileSync("examples/first-use.ts", "utf8")}\`\`\`\n`);
});

test("every page of docs begins with code", () => {
  const others = pages.filter(({ path, text }) => path !== "README.md" && !/^# .+\n\n```(ts|sh)\n/.test(text));
  expect(others.map(({ path }) => path)).toEqual([]);
});

test("every link within the project leads to a file that is there", () => {
  expect(own.length).toBeGreaterThan(20);
  expect(own.filter((link) => !existsSync(resolveLink(link).path))).toEqual([]);
});

test("every link to a heading leads to one that is there", () => {
  const broken = own.filter((link) => {
    const { path, anchor } = resolveLink(link);
    return anchor !== undefined && !(existsSync(path) && anchors(readPage(path)).includes(anchor));
  });
  expect(broken).toEqual([]);
});

test("every page is two clicks from the README at the most", () => {
  const clicks = clicksFrom("README.md", pages);
  const far = pages.filter(({ path }) => (clicks.get(path) ?? Number.POSITIVE_INFINITY) > 2);
  expect(far.map(({ path }) => path)).toEqual([]);
});

test("the README has at most 120 lines and 900 words", () => {
  expect(readme.text.trimEnd().split("\n").length).toBeLessThanOrEqual(120);
  expect(readme.text.trim().split(/\s+/).length).toBeLessThanOrEqual(900);
});

test("the README names the two commands that a clone needs", () => {
  expect(readme.text).toContain("\n```sh\nnpm ci && npm run quickstart\nnpm ci && npm test\n```\n");
});

test("every npm script that a page names is there", () => {
  const named = pages.flatMap(({ path, text }) =>
    [...text.matchAll(/npm run ([\w:-]+)/g)].map(([, script = ""]) => ({ path, script })),
  );
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter(({ script }) => !(script in manifest.scripts))).toEqual([]);
});

/** "^1.2.6" is 1.2.6, and "^1.0.0" is 1. */
function lowest(range: string | undefined): string {
  return range?.replace(/^\D+/, "").replace(/(\.0)+$/, "") ?? "";
}

const lowestVersions = {
  node: lowest(manifest.engines.node),
  ...Object.fromEntries(Object.entries(manifest.peerDependencies).map(([name, range]) => [name, lowest(range)])),
};
/** Those of CI. */
const servers =
  /cassandra: \["(\S+)", "(\S+)"\]/.exec(readFileSync(".github/workflows/ci.yml", "utf8"))?.slice(1) ?? [];

test("the README's prose has no numbers but the versions of package.json and of CI", () => {
  const numbers =
    prose(readme)
      .replaceAll(/`[^`\n]*`|\]\([^)]*\)/g, "")
      .match(/\d[\d.,]*\d|\d/g) ?? [];
  const versions = [...Object.values(lowestVersions), ...servers];
  expect(numbers.filter((one) => !versions.includes(one))).toEqual([]);
});

test("docs/compatibility.md names the lowest versions of package.json, and the servers of CI", () => {
  const { text } = readPage("docs/compatibility.md");
  expect(servers).toHaveLength(2);
  for (const [name, version] of Object.entries(lowestVersions)) {
    expect(text).toMatch(
      new RegExp(`\\| ${name === "node" ? "Node.js" : `\`${name}\``} +\\| ${version}(\\.0)? or later`),
    );
  }
  for (const version of servers) expect(text).toMatch(new RegExp(`Apache Cassandra[^|]*${version}`));
});

test("the benchmark finds its place on docs/performance.md, and none in the README", () => {
  expect(between(readPage("docs/performance.md").text, "performance", "Figures.")).toContain("\n\nFigures.\n\n");
  expect(() => between(readme.text, "performance", "Figures.")).toThrow("Expected the markers");
});

test("docs/storage-format.md shows the statement that makes the table", () => {
  const sql = codeBlocks(readPage("docs/storage-format.md")).find(({ language }) => language === "sql");
  expect(withoutSpaces(sql?.code ?? "")).toBe(withoutSpaces(createTableStatement({ keyspace: "app" })));
});

function withoutSpaces(text: string): string {
  return text.replaceAll(/\s/g, "");
}

/** A row of a table, or a heading, that begins with the name as code. */
function expectNamed(path: string, names: object): void {
  const { text } = readPage(path);
  const missing = Object.keys(names).filter((name) => !new RegExp(`^(\\||#+) \`${name}\\b`, "m").test(text));
  expect(missing, `what ${path} does not name`).toEqual([]);
}

test("docs/errors.md has a heading for each code", () => {
  const codes: Record<CassandraHistoryErrorCode, true> & Record<string, true> = {
    INVALID_OPTION: true,
    INVALID_MESSAGE: true,
    MESSAGE_TOO_LARGE: true,
    CORRUPT_ROW: true,
    NOT_FOUND: true,
    SETUP_FAILED: true,
    READ_FAILED: true,
    WRITE_FAILED: true,
  };
  expectNamed("docs/errors.md", codes);
});

test("docs/options.md has each option", () => {
  const options: Record<keyof CassandraChatMessageHistoryOptions, true> & Record<string, true> = {
    client: true,
    keyspace: true,
    sessionId: true,
    table: true,
    columns: true,
    createTable: true,
    ttlSeconds: true,
    maxMessages: true,
    windowStart: true,
    pageSize: true,
    readOptions: true,
    writeOptions: true,
    onCorruptRow: true,
    codec: true,
  };
  expectNamed("docs/options.md", options);
});

test("docs/agents.md has each option of the middleware", () => {
  const options: Record<keyof ChatHistoryMiddlewareOptions, true> & Record<string, true> = {
    history: true,
    maxMessages: true,
    load: true,
    save: true,
    contextSchema: true,
    name: true,
  };
  expectNamed("docs/agents.md", options);
});

test("docs/methods.md has each method", () => {
  const methods: Record<
    Exclude<keyof CassandraChatMessageHistory, `lc_${string}` | "toJSON" | "toJSONNotImplemented">,
    true
  > &
    Record<string, true> = {
    getMessages: true,
    addMessage: true,
    addMessages: true,
    addUserMessage: true,
    addAIMessage: true,
    append: true,
    entries: true,
    getPage: true,
    count: true,
    update: true,
    delete: true,
    deleteFrom: true,
    fork: true,
    clear: true,
    setup: true,
    sessionId: true,
    keyspace: true,
    table: true,
  };
  expectNamed("docs/methods.md", methods);
});
