/** A figure for the reader of the test's output, past the runner that would put its own lines around it. */
export function report(line: string): void {
  process.stdout.write(`${line}\n`);
}
