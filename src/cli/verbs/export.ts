import { writeAtomic } from '../../state/write-atomic.ts';
import { exitCode } from '../exit-codes.ts';
import { openSession } from '../session.ts';
import { verb } from '../verb.ts';

/** `export` is a word of the language. */
export const exporting = verb(
  'export <what>',
  'Write the machines down for another program: ansible is an inventory in YAML',
  (yargs) =>
    yargs
      .positional('what', { choices: ['ansible'] as const, demandOption: true })
      .option('output', { alias: 'o', type: 'string', requiresArg: true, describe: 'the file to write' })
      .example('$0 export ansible -o inventory.yml', 'then: ansible -i inventory.yml all -m ping'),
  async (given) => {
    const session = openSession(given);
    const [{ ansibleInventory }, { readInventory }] = await Promise.all([
      import('../ansible.ts'),
      import('../../state/inventory.ts'),
    ]);
    const text = ansibleInventory(session, await readInventory(session.state));
    const output = given['output'];
    if (output === undefined) process.stdout.write(text);
    else await writeAtomic(String(output), text, 0o600);
    return exitCode.done;
  },
);
