import { UsageError } from '../errors.ts';
import type { System } from './hand.ts';

/** MSYS, Git Bash and Cygwin are shells on Windows: what is run there are Windows' own programs. */
const OS: Readonly<Record<string, System['os']>> = {
  linux: 'linux',
  darwin: 'darwin',
  win32: 'windows',
  cygwin: 'windows',
};

const ARCH: Readonly<Record<string, string>> = {
  x64: 'amd64',
  arm64: 'arm64',
  arm: 'arm',
  ia32: '386',
  ppc64: 'ppc64le',
  s390x: 's390x',
};

/** This computer as releases call it, from what Node says of it. Throws UsageError for what none is made for. */
export function systemOf(platform: string = process.platform, cpu: string = process.arch): System {
  const [os, arch] = [OS[platform], ARCH[cpu]];
  if (os !== undefined && arch !== undefined) return { os, arch };
  throw new UsageError(`no programs are released for ${platform} on ${cpu}`, {
    remedy: `Systems: ${[...new Set(Object.values(OS))].join(', ')}; CPUs: ${Object.values(ARCH).join(', ')}.`,
  });
}
