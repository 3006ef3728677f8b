import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { allChains, clear, proxyChains } from '../../provisioners/iptables-chains.ts';
import { scratch } from '../artefacts/workbench.ts';

const filter = `table ip filter { # handle 1
	chain KUBE-FORWARD { # handle 1
		xt match "conntrack" counter packets 0 bytes 0 drop # handle 7
	}

	chain KUBE-FIREWALL { # handle 2
	}

	chain KUBE-SERVICES { # handle 8
		ip daddr 10.96.0.10 counter packets 0 bytes 0 jump KUBE-FORWARD # handle 9
	}

	chain FLANNEL-FWD { # handle 10
	}

	chain FORWARD { # handle 3
		type filter hook forward priority filter; policy accept;
		 counter packets 3 bytes 120 jump FLANNEL-FWD # handle 11
		 counter packets 3 bytes 120 jump KUBE-FORWARD # handle 6
		ip saddr 1.2.3.4 counter packets 0 bytes 0 jump MINE # handle 4
	}

	chain OUTPUT { # handle 12
		 counter packets 3 bytes 120 jump KUBE-FIREWALL # handle 13
	}
}
`;

/** What nft is told on a machine that has this one table. */
function told(chains: Parameters<typeof clear>[0]): string[] {
  const folder = scratch();
  writeFileSync(join(folder, 'filter'), filter);
  const nft = `#!/bin/sh
cd ${folder}
case "$*" in '-a list table ip filter') cat filter ;; '-f -') cat >>told ;; *) exit 1 ;; esac
`;
  writeFileSync(join(folder, 'nft'), nft, { mode: 0o755 });
  execFileSync('sh', ['-c', clear(chains)], { env: { PATH: `${folder}:${process.env['PATH']}` } });
  return readFileSync(join(folder, 'told'), 'utf8').trim().split('\n');
}

it('what kube-proxy has set goes, first what leads there; the kubelet’s and everybody else’s stays', () => {
  expect(told(proxyChains)).toEqual([
    'flush chain ip filter KUBE-FORWARD',
    'flush chain ip filter KUBE-SERVICES',
    'delete rule ip filter FORWARD handle 6',
    'delete chain ip filter KUBE-FORWARD',
    'delete chain ip filter KUBE-SERVICES',
  ]);
});

it('of a machine that leaves, all of ours', () => {
  const all = told(allChains);
  expect(all).toContain('delete rule ip filter FORWARD handle 11');
  expect(all).toContain('delete rule ip filter OUTPUT handle 13');
  expect(all.filter((line) => line.startsWith('delete chain'))).toHaveLength(4);
  expect(all.join('\n')).not.toMatch(/handle 4$|MINE/m);
});
