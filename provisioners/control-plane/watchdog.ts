import type { Resource } from '../../src/engine/resource.ts';
import { quote } from '../../src/connection/quote.ts';
import { absent, file } from '../../src/resources/file.ts';
import { noService } from '../../src/resources/no-service.ts';
import { service } from '../../src/resources/service.ts';
import type { Scope } from '../scope.ts';
import { template } from '../template.ts';
import { healthOf, PATIENCE } from './health.ts';

const UNIT = 'hardway-watchdog';
const SCRIPT = '/usr/local/lib/hardway/watchdog';

/** What the kubelet's probes are to pods this is to units: systemd starts what has ended, but knows nobody that hangs. */
export function watchdog({ cluster }: Scope): Resource[] {
  if (cluster.controlPlane.style === 'static-pods') return [noService(UNIT), absent(SCRIPT)];
  const watched = Object.entries(healthOf(cluster)).map(([name, { port, live }]) =>
    [`${name}.service`, port, live].map(quote).join(' '),
  );
  const script = file(SCRIPT, template('control-plane/watchdog', { ...PATIENCE, watched }), { mode: 0o755 });
  return [
    script,
    ...service(UNIT, template('control-plane/hardway-watchdog.service', {}), {
      follows: [script],
      why: 'A program that hangs is started again, as a liveness probe would do it.',
    }),
  ];
}
