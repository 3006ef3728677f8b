import { UsageError } from '../../errors.ts';
import { exitCode } from '../exit-codes.ts';
import type { Product, Told } from '../product.ts';
import { openSession } from '../session.ts';
import { type Handed, type Verb, verb } from '../verb.ts';

export const explain = (product: Product): Verb =>
  verb(
    'explain [thing] [role]',
    'Tell what a phase, flag, file, unit, role or field of cluster.json is for, and which keys are behind it',
    (yargs) =>
      yargs
        .positional('thing', { type: 'string', describe: 'also a flag with its dashes; or role, and which' })
        .positional('role', { choices: ['etcd', 'master', 'minion'] as const })
        .example('$0 explain etcd', 'a phase')
        .example('$0 explain --authorization-mode', 'a flag')
        .example('$0 explain kubelet.service', 'a unit, with its flags')
        .example('$0 explain /etc/kubernetes/audit-policy.yaml', 'a file')
        .example('$0 explain network.cni', 'a field of cluster.json: what is allowed, and what counts here')
        .example('$0 explain role minion', 'each process with its ports, each file with its rights'),
    async (given) => {
      const { cluster } = openSession(given);
      const words = [...(given.rest ?? []), given['thing'], given['role']]
        .filter((word) => word !== undefined)
        .map(String);
      if (words.length === 0)
        throw new UsageError('something is missing: hardway explain <thing>', { remedy: REMEDY });
      const { explained, meantBy } = await product.teaching();
      const told = explained(cluster, words);
      const [word = ''] = words;
      if (told.length === 0) {
        const meant = meantBy(cluster, word);
        throw new UsageError(
          `nothing here is called ${words.join(' ')}${meant === undefined ? '' : `; did you mean ${meant}?`}`,
          {
            remedy: REMEDY,
          },
        );
      }
      process.stdout.write(given.json ? `${JSON.stringify(told)}\n` : `${told.map(lines).join('\n\n')}\n`);
      return exitCode.done;
    },
    flagsOfOthers,
  );

const REMEDY =
  'Name a phase, a flag with its dashes, a path, a unit, a field (network.cni), or a role: hardway explain role master.';

const OWN = ['--file', '--set', '--json', '--quiet', '--verbose', '--help', '--version'];

/** The flags that are explained look like options of ours. */
function flagsOfOthers(behind: readonly string[]): Handed {
  const isOther = (word: string): boolean => /^--[a-z]/.test(word) && !OWN.includes(word.replace(/=.*/, ''));
  return { own: behind.filter((word) => !isOther(word)), rest: behind.filter(isOther) };
}

const lines = ({ title, says, facts }: Told): string =>
  [
    title,
    `  ${says}`,
    ...facts.filter(([, text]) => text !== '').map(([label, text]) => `  ${label.padEnd(8)} ${text}`),
  ].join('\n');
