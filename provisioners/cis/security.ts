import type { Check } from '../../src/cli/check.ts';
import { apiServer } from './api-server.ts';
import { daemons } from './daemons.ts';
import { files } from './files.ts';
import { kubelet } from './kubelet.ts';
import { lookAt } from './look.ts';
import { policies } from './policies.ts';
import { question } from './question.ts';
import { rights } from './rights.ts';
import { findings, type Row } from './row.ts';

/** The CIS Kubernetes Benchmark 1.12, and what Hardway wants beyond it. */
export const table: readonly Row[] = [...files, ...apiServer, ...daemons, ...kubelet, ...rights, ...policies];

export const security: Check = {
  describe: 'the CIS Kubernetes Benchmark: files, arguments of what runs, policies',
  question,
  judge: (cluster, node, output) => {
    const look = lookAt(cluster, node, output);
    return table.flatMap((row) => findings(row, look));
  },
};
