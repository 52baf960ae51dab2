import { resolve } from "node:path";
import ts from "typescript";
import type { CodeBlock } from "./documentation.ts";

/** What TypeScript finds wrong with blocks that are whole programs: "docs/page.md:12: Cannot find name 'x'." */
export function typeErrors(blocks: readonly CodeBlock[]): string[] {
  const files = new Map(blocks.map((block, at) => [resolve("examples", `documentation-block-${at}.ts`), block]));
  const host = ts.createCompilerHost(compilerOptions());
  const { readFile, fileExists } = host;
  host.readFile = (name) => files.get(resolve(name))?.code ?? readFile.call(host, name);
  host.fileExists = (name) => files.has(resolve(name)) || fileExists.call(host, name);
  const program = ts.createProgram([...files.keys()], compilerOptions(), host);
  return [...files].flatMap(([name, block]) => {
    const source = program.getSourceFile(name);
    const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
    return found.map((one) => describe(one, block));
  });
}

/** What is wrong with the syntax of blocks that need not be whole programs. */
export function syntaxErrors(blocks: readonly CodeBlock[]): string[] {
  return blocks.flatMap((block) => {
    const { diagnostics = [] } = ts.transpileModule(block.code, {
      reportDiagnostics: true,
      compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ESNext },
    });
    return diagnostics.map((one) => describe(one, block));
  });
}

/** The project's own, but for rules that are for files of a project. */
function compilerOptions(): ts.CompilerOptions {
  const { config } = ts.readConfigFile("tsconfig.json", ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, resolve("."));
  return { ...options, declaration: false, isolatedDeclarations: false, noUnusedLocals: false };
}

function describe({ messageText, file, start = 0 }: ts.Diagnostic, { page, line }: CodeBlock): string {
  const within = file?.getLineAndCharacterOfPosition(start).line ?? 0;
  return `${page}:${line + 1 + within}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`;
}
