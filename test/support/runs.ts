/** Each of a file's hundreds of mutants runs the property anew, and one that fails within thousands mostly fails within these. */
const RUNS_PER_MUTANT = 100;

/** How often a property is tried: as often as asked for, but under Stryker, which sets the variable. */
export function runs(numRuns: number): { readonly numRuns: number } {
  const underStryker = process.env["STRYKER_MUTATOR_WORKER"] !== undefined;
  return { numRuns: underStryker ? Math.min(numRuns, RUNS_PER_MUTANT) : numRuns };
}
