import { sudo, writeAsRoot } from '../box/sudo.ts';
import { $ } from '../shell.ts';
import { configFile } from './containers.ts';

const block = /^# VAGRANT-BEGIN\n[^]*?^# VAGRANT-END\n/gm;

/**
 * At each start vagrant-lxc adds its settings to the configuration and fails to remove those of the start before: a
 * changed address would come on top of the old one. So they are removed here; the next start adds them again, and a
 * running machine does not need the file.
 */
export async function forgetOldSettings(container: string, group: string): Promise<void> {
  const config = await $({ nothrow: true })`${sudo} cat ${configFile(container)}`;
  const wanted = withoutSettings(config.stdout, group);
  if (!config.ok || wanted === config.stdout) return;
  await writeAsRoot(configFile(container), wanted.trimEnd().split('\n'), '0640');
}

/** Without vagrant-lxc's settings, except the mark by which we know our own containers. */
export function withoutSettings(config: string, group: string): string {
  if (!config.includes('# VAGRANT-BEGIN')) return config;
  const mark = `lxc.group=${group}\n`;
  const rest = config.replaceAll(block, '');
  return rest.includes(mark) ? rest : rest + mark;
}
