import { ArtefactError } from '../errors.ts';
import type { Report } from '../report/event.ts';
import type { DownloadOptions } from './download.ts';

export type FetchOptions = DownloadOptions & { readonly report: Report };

/** Throws unless what was received has every sum that somebody vouches for; `witnesses` by who says so. */
export function refuseOther(
  url: string,
  witnesses: Readonly<Record<string, string | undefined>>,
  received: string,
): void {
  const sums = Object.entries(witnesses).filter(([, sum]) => sum !== undefined);
  if (sums.every(([, sum]) => sum === received)) return;
  throw new ArtefactError(`${url} is not the expected file`, {
    evidence: [...sums, ['received', received]].map(([who, sum]) => `${who?.padEnd(9)} sha256 ${sum}`),
    remedy: 'Nothing was kept. Run again; if it stays like this, do not use what is served there.',
  });
}

/** `witness` is all that vouches for it. */
export function warnUnpinned(name: string, witness: string, report: Report): void {
  const text = `${name} has no sha256 in boxes/artefacts.json yet: only ${witness} vouches for it`;
  report({ type: 'warning', text });
}

/** Reports a download's progress and its rate, at most five times a second. */
export function progressOf(name: string, report: Report): (done: number, total: number) => void {
  const began = Date.now();
  let last = 0;
  return (done, total) => {
    if (done !== total && Date.now() - last < 200) return;
    last = Date.now();
    const rate = Math.round((done * 1000) / Math.max(1, last - began));
    report({ type: 'progress', task: `download ${name}`, done, total, unit: 'bytes', rate });
  };
}
