import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { DescriptionError } from '../../src/errors.ts';
import { loadCluster, readProblems } from '../../src/cluster/load.ts';

const addons =
  'coredns, metrics-server, local-path, registry, metallb, traefik, headlamp, network-policy, waitForNodes, or any name with a "chart"';
const file = join('test', 'fixtures', 'ten-mistakes.json');

const lines = [
  `2:11 name: "Lab_1" is not allowed; did you mean "lab-1"?; allowed: lower-case letters, digits and '-', beginning and ending with a letter or digit`,
  '3:30 kubernetes.version: "v1.36.4" is not allowed; did you mean "1.36.4"?; allowed: a release of Kubernetes 1.36 without a leading v, such as "1.36.4"',
  '3:52 kubernetes.flavour: "kubespray" is not allowed; allowed: "scratch", "kubeadm"',
  '6:20 network.serviceCidr: 10.96.0.0/12 (10.96.0.0 to 10.111.255.255) overlaps network.machineCidr 10.99.0.0/24 (10.99.0.0 to 10.99.0.255)',
  '7:16 network.podCidr: 10.244.3.0/16 is an address inside a range, not a range; did you mean "10.244.0.0/16"?',
  '10:43 nodes[0].roles[1]: "mastr" is not allowed; did you mean "master"?; allowed: "etcd", "master", "minion"',
  '10:63 nodes[0].memory: must be a whole number, is the text "2048"',
  '11:25 nodes[1].cuont: unknown key; did you mean "count"?; allowed: name, roles, count, address, interface, cpus, memory, disk, labels, taints, ssh',
  '12:57 nodes[2].address: 10.99.1.7 is not inside network.machineCidr 10.99.0.0/24 (10.99.0.0 to 10.99.0.255)',
  `14:15 addons.core-dns: unknown add-on; did you mean "coredns"?; allowed: ${addons}`,
];

it('ten mistakes are told at once, each with its place', () => {
  expect(() => loadCluster(file)).toThrow(
    expect.objectContaining({
      constructor: DescriptionError,
      message: `${file} has 10 problems; nothing was touched`,
      evidence: lines.map((line) => `${file}:${line}`),
    }),
  );
});

it('programs get the same as data', () => {
  const problems = readProblems(readFileSync(file, 'utf8'), file);
  expect(problems.map(({ line, column, path }) => `${line}:${column} ${path}:`)).toEqual(
    lines.map((line) => line.slice(0, line.indexOf(': ') + 1)),
  );
  expect(problems[9]).toEqual({
    where: `${file}:14:15`,
    line: 14,
    column: 15,
    path: 'addons.core-dns',
    message: 'unknown add-on',
    suggestion: 'coredns',
    allowed: addons,
  });
});
