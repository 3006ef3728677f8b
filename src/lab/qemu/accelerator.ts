import { accessSync, constants, readFileSync } from 'node:fs';

/** What executes a machine's instructions. */
export interface Accelerator {
  /** As qemu calls it, with its options. */
  readonly name: 'kvm' | 'tcg,thread=multi';
  readonly cpu: 'host' | 'max';
  /** More words for the machine's kernel. */
  readonly kernel: readonly string[];
}

const byHardware: Accelerator = { name: 'kvm', cpu: 'host', kernel: [] };

/** Ten times slower; guarding against the faults of a processor that is not there would cost even more. */
const bySoftware: Accelerator = { name: 'tcg,thread=multi', cpu: 'max', kernel: ['mitigations=off'] };

/** The processor itself, where this host's kernel and this user may have it. */
export function accelerator(device = '/dev/kvm', cpuinfo = '/proc/cpuinfo'): Accelerator {
  try {
    accessSync(device, constants.R_OK | constants.W_OK);
    // Some clouds' kernels have the device and work without the processor's help, slower than qemu does.
    return /^flags.* (vmx|svm)( |$)/m.test(readFileSync(cpuinfo, 'utf8')) ? byHardware : bySoftware;
  } catch {
    return bySoftware;
  }
}

export const isEmulated = ({ name }: Accelerator): boolean => name !== 'kvm';
