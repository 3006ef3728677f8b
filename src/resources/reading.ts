import { createHash } from 'node:crypto';
import { sh } from '../connection/quote.ts';
import type { Resource } from '../engine/resource.ts';
import { command } from './command.ts';
import type { FileResource } from './file.ts';
import { RECORDER, STARTED } from './service.ts';

export interface Reading {
  /** For the unit, as ExecStartPre= and as ExecReload= before the signal: writes down what is read. */
  readonly record: string;
  /** The service has read these files as they are now; otherwise it is told to, and goes on meanwhile. */
  readonly resource: Resource;
}

/** Files that a service reads again when it is reloaded: for another one of them it is not restarted. */
export function reading(service: string, files: readonly FileResource[]): Reading {
  const [unit, record] = [`${service}.service`, `${STARTED}/${service}.reading`];
  const lines = files.map(({ sha256, path }) => `${sha256}  ${path}\n`).join('');
  const wanted = createHash('sha256').update(lines).digest('hex');
  return {
    record: `${RECORDER} ${service}.reading ${files.map(({ path }) => path).join(' ')}`,
    resource: {
      id: `reading:${unit}`,
      desired: { read: wanted },
      question: command(sh`sha256sum ${record} 2>/dev/null | cut -c1-64`, (read) => ({ read })),
      // What was just started has read them.
      steps: () => [
        {
          run: sh`[ "$(sha256sum ${record} 2>/dev/null | cut -c1-64)" = ${wanted} ] || systemctl reload ${unit}`,
        },
      ],
      evidence: sh`journalctl _SYSTEMD_UNIT=${unit} --lines=5 --output=cat --no-pager`,
    },
  };
}
