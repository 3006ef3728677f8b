import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../fixtures/free-port.ts';
import type { Image } from './emulated-image.ts';

/** A whole computer in software: its own kernel, and far slower than this one. */
export interface EmulatedMachine {
  /** Where its SSH server is reached: on loopback of this host. */
  readonly port: number;
  /** What it wrote on its console. */
  console(): string;
  stop(): Promise<void>;
}

/** `folder` takes what it writes to its disk and console. */
export async function startMachine(image: Image, folder: string): Promise<EmulatedMachine> {
  const port = await freePort();
  const log = join(folder, 'console.log');
  const words = [
    ...['-n', '5', 'qemu-system-x86_64', '-machine', 'q35', '-accel', 'tcg,thread=multi', '-cpu', 'max'],
    ...['-smp', '2', '-m', '4096', '-display', 'none', '-monitor', 'none', '-serial', `file:${log}`],
    ...['-kernel', image.kernel, '-initrd', image.initramfs],
    ...['-append', 'console=ttyS0 net.ifnames=0 mitigations=off panic=-1'],
    ...['-drive', `file=${image.disk},format=raw,if=virtio,snapshot=on`],
    ...['-nic', `user,model=virtio-net-pci,hostfwd=tcp:127.0.0.1:${port}-:22`],
    ...['-netdev', 'hubport,id=cluster,hubid=1', '-device', 'virtio-net-pci,netdev=cluster'],
    ...['-device', 'virtio-rng-pci'],
  ];
  const qemu: ChildProcess = spawn('nice', words, {
    env: { ...process.env, TMPDIR: folder },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return {
    port,
    console: () => readFileSync(log, 'utf8'),
    async stop() {
      if (qemu.exitCode !== null) return;
      qemu.kill('SIGKILL');
      await once(qemu, 'exit');
    },
  };
}
