import type { PkiKnowledge } from '../src/cli/product.ts';
import { bundle } from './bundle.ts';
import { calendarScript, readCalendar } from './calendar.ts';
import { authorities, certificates, kubeletNames } from './certificates.ts';

/** Certificates, as the command line wants to know of them. */
export const pkiKnowledge: PkiKnowledge = {
  authorities,
  renewable: (cluster) => [
    ...certificates(cluster).map(({ name }) => name),
    ...cluster.nodes.flatMap(kubeletNames),
  ],
  calendar: calendarScript,
  readCalendar,
  bundle,
};
