/** Prints a figure for the reader of the test's output. `console.log` would have lines of the runner around it. */
export function report(line: string): void {
  process.stdout.write(`${line}\n`);
}
