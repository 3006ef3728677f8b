import { causes, follow, mirrored, type DownloadOptions } from './download.ts';

const outcomes = new Map<string, Promise<string | null>>();

/**
 * Null when the address answers a HEAD request within the limit, otherwise the reason why not.
 * Asked once per host and process: a closed network costs its seconds only once.
 */
export function unreachable(
  url: string,
  options: Pick<DownloadOptions, 'mirrors' | 'accept'> & { readonly probeSeconds: number },
): Promise<string | null> {
  const target = mirrored(url, options.mirrors);
  const { origin } = new URL(target);
  const known = outcomes.get(origin) ?? probe(target, options.probeSeconds, options.accept);
  outcomes.set(origin, known);
  return known;
}

async function probe(target: string, probeSeconds: number, accept?: string): Promise<string | null> {
  const { host } = new URL(target);
  const signal = AbortSignal.timeout(probeSeconds * 1000);
  try {
    await follow(target, 'HEAD', signal, accept);
    return null;
  } catch (error) {
    if (signal.aborted) return `${host} did not answer within ${probeSeconds} s`;
    return `${host} cannot be reached (${causes(error).at(-1)})`;
  }
}
