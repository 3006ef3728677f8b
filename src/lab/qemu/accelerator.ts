import { accessSync, constants, existsSync, readFileSync } from 'node:fs';

/** What executes a machine's instructions. */
export interface Accelerator {
  /** As qemu calls it, with its options. */
  readonly name: 'kvm' | 'tcg,thread=multi';
  readonly cpu: 'host' | 'max';
  /** More words for the machine's kernel. */
  readonly kernel: readonly string[];
  /** Why it is not this host's processor; empty when it is. */
  readonly why: string;
}

const byHardware: Accelerator = { name: 'kvm', cpu: 'host', kernel: [], why: '' };

/** To guard against the faults of a processor that is not there would cost even more. */
const bySoftware = (why: string): Accelerator => ({
  ...{ name: 'tcg,thread=multi', cpu: 'max', kernel: ['mitigations=off'], why },
});

/** The processor itself, where this host's kernel and this user may have it. */
export function accelerator(device = '/dev/kvm', cpuinfo = '/proc/cpuinfo'): Accelerator {
  if (!existsSync(device)) return bySoftware(`there is no ${device}`);
  // Some clouds' kernels have the device and work without the processor's help, slower than qemu does.
  if (!/^flags.* (vmx|svm)( |$)/m.test(readFileSync(cpuinfo, 'utf8')))
    return bySoftware('this host’s processor has neither vmx nor svm');
  try {
    accessSync(device, constants.R_OK | constants.W_OK);
    return byHardware;
  } catch {
    return bySoftware(`${device} is closed to you; sudo adduser $USER kvm, then log in again`);
  }
}

export const isEmulated = ({ name }: Accelerator): boolean => name !== 'kvm';
