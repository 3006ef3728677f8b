import type { Client, System } from '../src/cli/hand.ts';

/** For which systems kubectl is released. */
const RELEASED: Readonly<Record<System['os'], readonly string[]>> = {
  linux: ['amd64', 'arm64', 'arm', '386', 'ppc64le', 's390x'],
  darwin: ['amd64', 'arm64'],
  windows: ['amd64', 'arm64', '386'],
};

const HOME = 'https://dl.k8s.io';

export const client: Client = {
  name: 'kubectl',
  home: HOME,
  address: (version, { os, arch }) =>
    RELEASED[os].includes(arch)
      ? `${HOME}/release/v${version}/bin/${os}/${arch}/kubectl${os === 'windows' ? '.exe' : ''}`
      : null,
  versionArguments: ['version', '--client', '--output=json'],
  versionIn: (output) => /"gitVersion": *"v(\d+\.\d+\.\d+)/.exec(output)?.[1] ?? null,
  listing: ['get', 'nodes'],
  misfit({ kubernetes }, version) {
    const [ours, theirs] = [version, kubernetes.version].map((one) => one.split('.').map(Number));
    const isNear = ours?.[0] === theirs?.[0] && Math.abs((ours?.[1] ?? NaN) - (theirs?.[1] ?? NaN)) <= 1;
    return isNear
      ? null
      : `kubectl ${version} is more than one minor release away from Kubernetes ${kubernetes.version}`;
  },
};
