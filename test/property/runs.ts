/**
 * The same cases in each run, so that a failure is about the change at hand; other ones with HARDWAY_SEED, more with
 * HARDWAY_RUNS. fast-check prints seed and path of a failure: give them to fc.assert to see it again.
 */
export const runs = (number: number): { readonly numRuns: number; readonly seed: number } => ({
  numRuns: number * Number(process.env['HARDWAY_RUNS'] ?? 1),
  seed: Number(process.env['HARDWAY_SEED'] ?? 4),
});
