/**
 * Waits until all have ended, one way or another, and only then throws the first failure: what is still at work could
 * make something after everything was taken away.
 */
export async function together<T extends readonly unknown[]>(
  ...works: { readonly [K in keyof T]: Promise<T[K]> | T[K] }
): Promise<T> {
  const results = await Promise.allSettled(works);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return Promise.all(works) as Promise<unknown> as Promise<T>;
}
