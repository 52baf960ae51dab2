/** A name as CQL text, quoted so that case counts and nothing in it can end the quotes. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
