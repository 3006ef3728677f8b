import { knownHosts } from '../../connection/known-hosts.ts';
import { UsageError } from '../../errors.ts';
import { exitCode } from '../exit-codes.ts';
import { openSession } from '../session.ts';
import { verb } from '../verb.ts';

export const trust = verb(
  'trust <machine>',
  'Accept the new SSH host key of a machine, or of a bastion, at the next contact',
  (yargs) =>
    yargs
      .positional('machine', { type: 'string', demandOption: true })
      .example('$0 trust minion-1', 'it was made anew'),
  async (given) => {
    const { state, cluster } = openSession(given);
    const name = String(given['machine']);
    const hosts = knownHosts(state.path('known_hosts'));
    // A bastion is known by where it is: "gate.example.org:2222".
    const [host = name, port = 22] = name.split(':');
    const forgotten = await hosts.forget(host, Number(port));
    if (!forgotten && !cluster.nodes.some((node) => node.name === name))
      throw new UsageError(`${name} is no machine of ${cluster.name}, and no bastion that was met`);
    process.stdout.write(`the next host key of ${name} will be recorded\n`);
    return exitCode.done;
  },
);
