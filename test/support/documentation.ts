import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

/** A page of the documentation. */
export interface Page {
  /** From the root of the project, with slashes. */
  readonly path: string;
  readonly text: string;
}

/** A fenced block of code on a page. */
export interface CodeBlock {
  readonly page: string;
  /** The line on the page at which its fence opens, from 1 on. */
  readonly line: number;
  readonly language: string;
  readonly code: string;
}

/** A link or a picture on a page. */
export interface Link {
  readonly page: string;
  readonly target: string;
}

/** README.md and every page of docs/. */
export function readPages(): Page[] {
  const docs = readdirSync("docs", { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".md"));
  return ["README.md", ...docs.map((name) => `docs/${name.replaceAll("\\", "/")}`).sort()].map(readPage);
}

/** The pages beside the README: for contributors, and the changelog. */
export function readOtherPages(): Page[] {
  const names = readdirSync(".").filter((name) => name.endsWith(".md") && name !== "README.md");
  return names.sort().map(readPage);
}

export function readPage(path: string): Page {
  return { path, text: readFileSync(path, "utf8") };
}

const FENCE = /^```(\S*)\n(.*?)^```$/gms;

export function codeBlocks({ path, text }: Page): CodeBlock[] {
  return [...text.matchAll(FENCE)].map(({ index, 1: language = "", 2: code = "" }) => {
    const line = text.slice(0, index).split("\n").length;
    return { page: path, line, language, code };
  });
}

/** The file that a block names in a comment as its first line. */
export function namedFile({ code }: CodeBlock): string | undefined {
  return /^(?:\/\/|#) (\S+\.\w+)\n/.exec(code)?.[1];
}

/** The first line of a block that is no whole program, and that no file holds. */
export const FRAGMENT = "// Part of a program.";

/** The first line of the block that the file does not hold in this order, where there is one; indentation does not count. */
export function firstStrayLine({ code }: CodeBlock, file: string): string | undefined {
  const trimmed = (text: string): string[] => text.split("\n").map((line) => line.trim());
  const program = trimmed(readFileSync(file, "utf8"));
  let at = -1;
  for (const line of trimmed(code).slice(1)) {
    if (line === "") continue;
    at = program.indexOf(line, at + 1);
    if (at < 0) return line;
  }
  return undefined;
}

/** The page without its blocks of code and its comments. */
export function prose({ text }: Page): string {
  return text.replaceAll(FENCE, "").replaceAll(/<!--.*?-->/gs, "");
}

export function links(page: Page): Link[] {
  const found = prose(page)
    .replaceAll(/`[^`\n]*`/g, "")
    .matchAll(/\]\(([^)\s]+)\)/g);
  return [...found].map(([, target = ""]) => ({ page: page.path, target }));
}

/** The file and the anchor that a link within the project leads to. */
export function resolveLink({ page, target }: Link): { readonly path: string; readonly anchor: string | undefined } {
  const [path = "", anchor] = target.split("#");
  return { path: path === "" ? page : normalize(join(dirname(page), path)).replaceAll("\\", "/"), anchor };
}

export function isExternal({ target }: Link): boolean {
  return /^[a-z]+:/.test(target);
}

/** The anchors that GitHub gives the headings of a page. */
export function anchors(page: Page): string[] {
  const seen = new Map<string, number>();
  return [...prose(page).matchAll(/^#+ +(.+)$/gm)].map(([, heading = ""]) => {
    const slug = heading
      .trim()
      .toLowerCase()
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-");
    const times = seen.get(slug) ?? 0;
    seen.set(slug, times + 1);
    return times === 0 ? slug : `${slug}-${times}`;
  });
}

/** How many clicks each page is away from the first one; a page that cannot be reached is left out. */
export function clicksFrom(start: string, pages: readonly Page[]): ReadonlyMap<string, number> {
  const clicks = new Map([[start, 0]]);
  // A map is iterated to its end, what is added meanwhile included.
  for (const [path, count] of clicks) {
    const page = pages.find((one) => one.path === path);
    const targets = page === undefined ? [] : links(page).filter((link) => !isExternal(link));
    for (const { path: next } of targets.map(resolveLink)) if (!clicks.has(next)) clicks.set(next, count + 1);
  }
  return clicks;
}
