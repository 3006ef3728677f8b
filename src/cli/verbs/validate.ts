import { readFileSync } from 'node:fs';
import { loadCluster, readProblems } from '../../cluster/load.ts';

import { exitCode } from '../exit-codes.ts';
import { verb } from '../verb.ts';

export const validate = verb(
  'validate',
  'Check cluster.json and name every mistake in it',
  (yargs) => yargs.example('$0 validate --json', 'problems with line, column and path'),
  async ({ file, set, json }) => {
    if (json) {
      const problems = readProblems(readFileSync(file, 'utf8'), file, { set: [...set] });
      process.stdout.write(`${JSON.stringify({ file, problems })}\n`);
      return problems.length === 0 ? exitCode.done : exitCode.failed;
    }
    const { name, nodes } = loadCluster(file, { set: [...set] });
    process.stdout.write(`${file} is valid: cluster ${name}, ${nodes.length} machines\n`);
    return exitCode.done;
  },
);
