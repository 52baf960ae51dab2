import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";

/** The layers of src from the top. A file imports from its own layer and from those below it. */
const LAYERS = [
  ...["index.ts", "sessions", "agent", "cli", "history", "encryption", "testing"],
  ...["codec", "table", "options", "ids", "errors"],
];
const MOST_LINES = 200;
/** Names shorter than this may differ by a letter only. */
const SHORT_NAME = 4;

const root = resolve(import.meta.dirname, "../../src");
const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
const texts = new Map(files.map((file) => [file, readFileSync(join(root, file), "utf8")]));

function importsOf(file: string): string[] {
  const { importedFiles } = ts.preProcessFile(texts.get(file) ?? "", true, true);
  const own = importedFiles.map(({ fileName }) => fileName).filter((name) => name.startsWith("."));
  return own.map((name) => relative(root, join(root, dirname(file), name)));
}

function layerOf(file: string): number {
  return LAYERS.indexOf(file.split(sep)[0] ?? "");
}

/** A path of imports that comes back to a file on it; undefined where there is none. */
function findCycle(graph: (file: string) => readonly string[], starts: readonly string[]): string[] | undefined {
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return undefined;
    for (const next of graph(file)) {
      const cycle = visit(next, [...path, file]);
      if (cycle !== undefined) return cycle;
    }
    done.add(file);
    return undefined;
  };
  for (const start of starts) {
    const cycle = visit(start, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

function exportsOf(file: string): string[] {
  const source = ts.createSourceFile(file, texts.get(file) ?? "", ts.ScriptTarget.ESNext);
  return source.statements.flatMap((statement) => {
    const modifiers = ts.canHaveModifiers(statement) ? ts.getModifiers(statement) : undefined;
    if (!modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) return [];
    if (ts.isVariableStatement(statement)) {
      return statement.declarationList.declarations.flatMap(({ name }) => (ts.isIdentifier(name) ? name.text : []));
    }
    return "name" in statement && isIdentifier(statement.name) ? statement.name.text : [];
  });
}

function isIdentifier(node: unknown): node is ts.Identifier {
  return typeof node === "object" && node !== null && "kind" in node && node.kind === ts.SyntaxKind.Identifier;
}

/** Whether two names are the same but for the case of letters, or one letter, or, of long names, the last two letters. A type may have a function's name. */
function tooAlike(one: string, other: string): boolean {
  if (isUpperCase(one) !== isUpperCase(other)) return false;
  const [a, b] = [one.toLowerCase(), other.toLowerCase()];
  const [shorter, longer] = a.length <= b.length ? [a, b] : [b, a];
  if (shorter.length < SHORT_NAME || longer.length - shorter.length > 1) return false;
  const first = [...shorter].findIndex((letter, at) => letter !== longer[at]);
  if (first < 0) return true;
  const differing = longer.length - shorter.length;
  return (
    shorter.slice(first + 1 - differing) === longer.slice(first + 1) ||
    (differing === 0 && first >= shorter.length - 2 && shorter.length > 2 * SHORT_NAME)
  );
}

/** Of files this counts however short the names are: `row.ts` and `rows.ts` have been taken for each other. */
function isPlural(one: string, other: string): boolean {
  return `${one}s` === other || one === `${other}s`;
}

function isUpperCase(name: string): boolean {
  return /^[A-Z]/.test(name);
}

test("every folder of src is a layer with a place in the order", () => {
  expect(files.filter((file) => layerOf(file) < 0)).toEqual([]);
});

test("ARCHITECTURE.md lists the layers that are there, in their order, and names files that are there", () => {
  const page = readFileSync(resolve(root, "../ARCHITECTURE.md"), "utf8");
  const listed = [...page.matchAll(/^\| `([\w.]+)\/?` +\|/gm)].map(([, layer]) => layer);
  expect(listed).toEqual(LAYERS.filter((layer) => files.some((file) => layerOf(file) === LAYERS.indexOf(layer))));
  const named = [...page.matchAll(/`([\w-]+\/[\w-]+\.ts)`/g)].map(([, file = ""]) => file);
  expect(named.filter((file) => !files.includes(join(file)))).toEqual([]);
});

test("imports point down the layers", () => {
  const upward = files.flatMap((file) =>
    importsOf(file)
      .filter((imported) => layerOf(imported) < layerOf(file))
      .map((imported) => `${file} imports ${imported}`),
  );
  expect(upward).toEqual([]);
});

test("no files import each other in a circle", () => {
  expect(findCycle(importsOf, files)).toBeUndefined();
});

test(`no file has more than ${MOST_LINES} lines`, () => {
  const lengths = [...texts].map(([file, text]) => ({ file, lines: text.split("\n").length - 1 }));
  expect(lengths.filter(({ lines }) => lines > MOST_LINES)).toEqual([]);
});

test("no two names that a folder exports differ by a letter only", () => {
  const folders = [...new Set(files.map((file) => dirname(file)))];
  const pairs = folders.flatMap((folder) => {
    const names = files.filter((file) => dirname(file) === folder).flatMap(exportsOf);
    return names.flatMap((name, at) =>
      names
        .slice(at + 1)
        .filter((other) => tooAlike(name, other))
        .map((other) => `${folder}: ${name}, ${other}`),
    );
  });
  expect(pairs).toEqual([]);
});

test("no two files have names that differ by a letter only", () => {
  const names = files.map((file) => basename(file, ".ts")).filter((name) => name !== "index");
  const pairs = names.flatMap((name, at) =>
    names.slice(at + 1).flatMap((other) => (isPlural(name, other) || tooAlike(name, other) ? `${name}, ${other}` : [])),
  );
  expect(pairs).toEqual([]);
});

test.for([
  ["page", "pages", true],
  ["entryId", "entryIds", true],
  ["isRefused", "isRefusal", true],
  ["readRow", "readrow", true],
  ["readRow", "roadRow", true],
  ["PAGE_SIZE", "PAGE_SIZES", true],
  ["ResolvedOptions", "resolveOptions", false],
  ["encodeRow", "decodeRow", false],
  ["readRow", "readPage", false],
  ["idDate", "idMicros", false],
] as const)("%s and %s are too alike: %s", ([one, other, alike]) => {
  expect([tooAlike(one, other), tooAlike(other, one)]).toEqual([alike, alike]);
});

test.for([
  [{ a: ["b"], b: ["c"], c: [] }, undefined],
  [{ a: ["b", "c"], b: ["c"], c: [] }, undefined],
  [{ a: ["b"], b: ["c"], c: ["b"] }, ["b", "c", "b"]],
] as const)("a circle of imports is found: %j", ([graph, cycle]) => {
  const edges = new Map<string, readonly string[]>(Object.entries(graph));
  expect(findCycle((file) => edges.get(file) ?? [], ["a"])).toEqual(cycle);
});
