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
    const file = session.state.path('known_hosts');
    if ((await knownHosts(file).load(name, 22)).length === 0) {
      throw new StateError(`${name} was never met: its host key is not known`, {
        remedy: 'hardway status meets it.',
      });
    }
    const args = sshArguments({
      ...{ name, target, knownHosts: file, command: given.rest ?? [], root: given['root'] === true },
      connectTimeout: session.cluster.timeouts['connect'] ?? 10,
    });
    return inherit('ssh', args);
  },
  behindDashes,
);
