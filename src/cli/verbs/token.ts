import { clusterToken, rotateToken } from '../../state/token.ts';
import { exitCode } from '../exit-codes.ts';
import { openSession } from '../session.ts';
import { verb } from '../verb.ts';

export const token = verb(
  'token [action]',
  'Print the join token, or make a new one: token rotate',
  (yargs) => yargs.positional('action', { choices: ['show', 'rotate'] as const, default: 'show' }),
  async (given) => {
    const { state } = openSession(given);
    const value = given['action'] === 'rotate' ? await rotateToken(state) : await clusterToken(state);
    process.stdout.write(`${value}\n`);
    return exitCode.done;
  },
);
