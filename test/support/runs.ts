/** Each of a file's hundreds of mutants runs the property. A mutant that fails within thousands of runs mostly fails within these. */
const RUNS_PER_MUTANT = 100;

/** How often a property is tried. Under Stryker, which sets the variable, it is tried less often. */
export function runs(numRuns: number): { readonly numRuns: number } {
  const underStryker = process.env["STRYKER_MUTATOR_WORKER"] !== undefined;
  return { numRuns: underStryker ? Math.min(numRuns, RUNS_PER_MUTANT) : numRuns };
}
