import { describe, expect, it } from 'vitest';
import { handOver } from '../../src/cli/hand-over.ts';
import { verbs } from '../../src/cli/verbs.ts';
import { workplace } from './workplace.ts';

const all = verbs(workplace().product);

describe('what belongs to another program', () => {
  it.each([
    ['kubectl', 'kubectl', ''],
    ['kubectl --help', 'kubectl', '--help'],
    ['kubectl get pods -n x --json -f y', 'kubectl', 'get pods -n x --json -f y'],
    ['kubectl exec p -- sh -c --file', 'kubectl', 'exec p -- sh -c --file'],
    ['--file a/cluster.json kubectl get -f x', '--file a/cluster.json kubectl', 'get -f x'],
    ['-f kubectl kubectl version', '-f kubectl kubectl', 'version'],
    ['--set name=kubectl --quiet kubectl -v', '--set name=kubectl --quiet kubectl', '-v'],
    ['--file=x kubectl -v', '--file=x kubectl', '-v'],
    ['kubectl fetch --to x', 'kubectl fetch --to x', ''],
    ['kubectl get fetch', 'kubectl', 'get fetch'],
    ['ssh minion-1', 'ssh minion-1', ''],
    ['ssh minion-1 --root -- ls -la --json', 'ssh minion-1 --root', 'ls -la --json'],
    ['ssh minion-1 -- sh -- x', 'ssh minion-1', 'sh -- x'],
    ['status --json', 'status --json', ''],
    ['plan --out kubectl', 'plan --out kubectl', ''],
    ['--help', '--help', ''],
    ['', '', ''],
  ])('hardway %s', (line, own, rest) => {
    const words = (text: string): string[] => text.split(' ').filter((word) => word !== '');
    expect(handOver(words(line), all)).toEqual({ own: words(own), rest: words(rest) });
  });
});
