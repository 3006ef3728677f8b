/** One master and many minions, all of them reached at 127.0.0.1. */
export const describeFleet = (names: readonly string[], ports: readonly number[], key: string): object => ({
  name: 'fleet',
  network: {
    ...{ machineCidr: '10.77.0.0/16', podCidr: '10.128.0.0/14', serviceCidr: '10.96.0.0/16' },
  },
  nodes: names.map((name, index) => ({
    name,
    roles: index === 0 ? ['etcd', 'master'] : ['minion'],
    address: `10.77.${1 + Math.floor(index / 200)}.${1 + (index % 200)}`,
    ssh: { host: '127.0.0.1', port: ports[index], user: 'root', keys: [key] },
  })),
});
