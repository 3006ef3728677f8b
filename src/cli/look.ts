import { calendar, type Entry, firstToEnd } from './calendar.ts';
import { left } from './calendar-table.ts';
import type { Line, Overview } from './overview.ts';
import { present } from './present.ts';
import type { Product } from './product.ts';
import type { Session } from './session.ts';

export interface Look extends Overview {
  /** The first to end; null: there are none. */
  readonly certificate: Omit<Entry, 'pem'> | null;
}

/** Everything that status tells, asked anew of all machines. */
export async function look(product: Product, session: Session): Promise<Look> {
  const there = await present(session);
  const [found, { entries }] = await Promise.all([
    product.overview(session.cluster, there),
    product.pki().then((pki) => calendar(pki, session, there)),
  ]);
  const { first, problem } = firstToEnd(entries);
  if (first === null) return { ...found, certificate: null };
  const { pem: _, ...certificate } = first;
  const line: Line = {
    ...{ id: 'certificates', group: 'certificates', what: 'certificates' },
    is: problem === null ? 'well' : 'wrong',
    found:
      problem ?? `next certificate to end: ${first.subject} in ${left(Date.parse(first.ends) - Date.now())}`,
    remedy: `hardway ${first.renewal.replace('the kubelet and ', '')}; all of them: hardway pki list.`,
  };
  return { ...found, lines: [...found.lines, line], certificate };
}
