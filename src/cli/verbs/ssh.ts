import { knownHosts } from '../../connection/known-hosts.ts';
import { sshArguments } from '../../connection/openssh.ts';
import { StateError } from '../../errors.ts';
import { inherit } from '../child.ts';
import { behindDashes } from '../hand-over.ts';
import { endpointOf } from '../machine.ts';
import { openSession } from '../session.ts';
import { verb } from '../verb.ts';

export const ssh = verb(
  'ssh <machine>',
  'Open a shell on a machine, or run one command there: ssh <machine> -- <command>',
  (yargs) =>
    yargs
      .positional('machine', { type: 'string', demandOption: true })
      .option('root', { type: 'boolean', default: false, describe: 'as root, for whom kubectl is set up' })
      .example('$0 ssh minion-1', 'a shell there')
      .example('$0 ssh master --root -- kubectl get nodes', 'its exit code is ours'),
  async (given) => {
    const session = openSession(given);
    const name = String(given['machine']);
    const target = await endpointOf(session, name);
    const command = given.rest ?? [];
    const root = given['root'] === true;
    if (target === 'local') return here(command, root);
    const file = session.state.path('known_hosts');
    if ((await knownHosts(file).load(name, 22)).length === 0) {
      throw new StateError(`${name} was never met: its host key is not known`, {
        remedy: 'hardway status meets it.',
      });
    }
    const configured = session.cluster.nodes.some((node) => node.name === name && node.ssh !== null);
    const args = sshArguments({
      ...{ name, target, configured, knownHosts: file, command, root },
      connectTimeout: session.cluster.timeouts['connect'] ?? 10,
    });
    return inherit('ssh', args);
  },
  behindDashes,
);

/** The operator's own machine: no way leads there. */
function here(command: readonly string[], root: boolean): Promise<number> {
  if (command.length === 0) {
    return root ? inherit('sudo', ['-i']) : inherit(process.env['SHELL'] ?? '/bin/sh', ['-l']);
  }
  const line = command.join(' ');
  return root ? inherit('sudo', ['-H', '--', '/bin/sh', '-lc', line]) : inherit('/bin/sh', ['-c', line]);
}
