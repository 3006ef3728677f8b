/** What a run's exit code says. */
export const exitCode = { done: 0, failed: 1, differences: 2, partial: 3, busy: 4 } as const;
