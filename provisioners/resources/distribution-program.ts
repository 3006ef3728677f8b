import { sh, verbatim } from '../../src/connection/quote.ts';
import type { Resource } from '../../src/engine/resource.ts';
import { command } from '../../src/resources/command.ts';
import { installation } from '../phases/host.ts';

/**
 * A daemon of the distribution whose program alone is wanted. The service that its package brings is not started where
 * we are who install it; somebody's own is left as it is.
 */
export const distributionProgram = (name: string, why: string): Resource => ({
  id: `package:${name}`,
  desired: { there: true },
  question: command(sh`[ -x ${`/usr/sbin/${name}`} ] && echo there; true`, (output) => ({
    there: output === 'there',
  })),
  steps: () => [
    {
      run: sh`systemctl mask --quiet --runtime ${name}
trap ${`systemctl unmask --quiet --runtime ${name}; systemctl disable --quiet ${name} 2>/dev/null || true`} EXIT
(
${verbatim(installation(name))}
)`,
      limit: INSTALLATION,
    },
  ],
  why,
  remedy: `Let the machine reach its package sources, or install ${name} there by hand; then run again.`,
});

/** Seconds. */
const INSTALLATION = 300;
