import { isAddress } from '../src/cluster/ranges.ts';
import type { Resource } from '../src/engine/resource.ts';
import { directory, file } from '../src/resources/file.ts';
import { reading } from '../src/resources/reading.ts';
import { service } from '../src/resources/service.ts';
import { apiName, KEEPER } from './endpoint.ts';
import { nicOf } from './facts.ts';
import { distributionProgram } from './resources/distribution-program.ts';
import { byRole, type Scope } from './scope.ts';
import { template } from './template.ts';

export const KEEPER_FOLDER = '/etc/hardway/address';

/** keepalived: the masters tell each other who is ready, and one of them has the address. */
export function addressKeeper({ cluster, node, facts }: Scope): Resource[] {
  const { port } = cluster.controlPlane;
  const endpoint = cluster.controlPlane.endpoint ?? '';
  const masters = byRole(cluster, 'master');
  const answers = file(
    `${KEEPER_FOLDER}/answers`,
    template('endpoint/answers', { port, name: apiName(cluster) }),
    { mode: 0o755, why: 'A master whose API server is not ready gives the address away.' },
  );
  const listens = file(`${KEEPER_FOLDER}/listens`, template('endpoint/listens', { port }), {
    mode: 0o755,
    why: 'A master whose API server is being restarted gives the address away within a second.',
  });
  const config = file(
    `${KEEPER_FOLDER}/keepalived.conf`,
    template('endpoint/keepalived.conf', {
      ...{ node: node.name, nic: nicOf(node, facts), address: node.address, endpoint },
      router: routerOf(endpoint),
      // Different, so that two that begin at once agree.
      priority: 100 + masters.length - masters.findIndex(({ name }) => name === node.name),
      peers: masters.filter(({ name }) => name !== node.name).map(({ address }) => address),
    }),
  );
  const { record, resource } = reading(KEEPER, [config, answers, listens]);
  const unit = template('endpoint/hardway-address.service', { recordReading: record });
  return [
    distributionProgram('keepalived', 'Gives the address of the API to a master that works.'),
    directory(KEEPER_FOLDER),
    answers,
    listens,
    config,
    ...service(KEEPER, unit, { follows: [], interrupts: 'another master takes the address of the API' }),
    resource,
  ];
}

/** 1 to 255, the same on all masters: clusters on one network seldom have addresses that end alike. */
const routerOf = (endpoint: string): number =>
  isAddress(endpoint) ? Math.max(1, Number(endpoint.split('.').at(-1))) : 1;
