import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cachedArtefacts } from '../../../src/artefacts/artefacts.ts';
import type { Result } from '../../../src/connection/connection.ts';
import type { KnownHosts } from '../../../src/connection/known-hosts.ts';
import { sshConnection } from '../../../src/connection/ssh.ts';
import { withSudo } from '../../../src/connection/sudo.ts';
import { openState } from '../../../src/state/directory.ts';
import { readInventory } from '../../../src/state/inventory.ts';
import { labs, removeStrays } from './clean.mjs';
import { command, type Told } from './command.ts';

const root = join(import.meta.dirname, '..', '..', '..');

/** A clone of the project with a cluster of its own, used only as its users use it. */
export interface Lab {
  readonly folder: string;
  readonly name: string;
  npm(...args: string[]): Promise<Told>;
  hardway(...args: string[]): Promise<Told>;
  vagrant(...args: string[]): Promise<Told>;
  /** With the kubeconfig that the run left, from this host. Throws when it fails. */
  kubectl(args: readonly string[], input?: string): Promise<string>;
  /** Runs a script as root on one machine; `patience`: seconds to connect, and for the script. */
  on(machine: string, script: string, patience?: Patience): Promise<Result>;
  /** The description, changed and written back. */
  edit(change: (description: Description) => void): void;
}

interface Patience {
  readonly connect: number;
  readonly run: number;
}

export interface Description {
  name: string;
  network: Record<string, unknown>;
  nodes: {
    name: string;
    count?: number;
    roles: string[];
    cpus?: number;
    memory?: number;
    address?: string;
  }[];
  [key: string]: unknown;
}

/**
 * Copies what git knows (and would know) into an empty folder, and gives the cluster its name and range. Libraries and
 * programs come along as they are here; `bare`: without them, as after a clone.
 */
export function makeLab(name: string, machineCidr: string, { bare = false } = {}): Lab {
  const folder = join(labs, name);
  if (!existsSync(folder)) {
    removeStrays(name);
    mkdirSync(folder, { recursive: true });
    const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], { cwd: root });
    const packed = execFileSync('tar', ['--null', '--ignore-failed-read', '-T', '-', '-cf', '-'], {
      cwd: root,
      input: files,
      maxBuffer: 2 ** 30,
    });
    execFileSync('tar', ['-xf', '-', '-C', folder], { input: packed });
    if (!bare) execFileSync('cp', ['-a', join(root, 'node_modules'), join(root, 'dist'), folder]);
  }
  const lab = labIn(folder, name);
  lab.edit((description) => {
    description.name = name;
    description.network['machineCidr'] = machineCidr;
  });
  return lab;
}

/** A test rebuilds machines under their old names: which key they have is the product's business, not its own. */
const anyHostKey: KnownHosts = {
  file: '(none)',
  load: () => Promise.resolve([]),
  record: () => Promise.resolve(),
  forget: () => Promise.resolve(false),
};

function labIn(folder: string, name: string): Lab {
  const file = join(folder, 'cluster.json');
  const state = () => openState(join(folder, '.hardway'));
  return {
    folder,
    name,
    // Compiling everything on a machine that has never seen it takes a quarter of an hour.
    npm: (...args) => command('npm', args, { cwd: folder, seconds: 3400 }),
    hardway: (...args) =>
      command(process.execPath, [join(folder, 'dist/hardway.js'), ...args], { cwd: folder }),
    // Without a locale Ruby takes what it reads for ASCII.
    vagrant: (...args) => command('vagrant', args, { cwd: folder, env: { LC_ALL: 'C' } }),
    async kubectl(args, input) {
      const kubectl = cachedArtefacts('auto')?.get('kubectl').file ?? 'kubectl';
      const all = ['--kubeconfig', join(folder, '.hardway', 'kubeconfig'), ...args];
      const { code, output } = await command(kubectl, all, {
        cwd: folder,
        seconds: 120,
        ...(input ? { input } : {}),
      });
      if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: exit ${code}\n${output}`);
      return output;
    },
    async on(machine, script, patience = { connect: 10, run: 120 }) {
      const known = (await readInventory(state())).find((each) => each.name === machine);
      if (known === undefined) throw new Error(`${machine} is in no inventory`);
      const { host, port, user, keys } = known;
      const connection = withSudo(
        sshConnection({
          ...{ host, port: port ?? 22, user: user ?? 'root', keys: keys ?? [] },
          knownHosts: anyHostKey,
          connectTimeout: patience.connect,
        }),
      );
      try {
        await connection.connect();
        return await connection.run(script, { limit: patience.run });
      } finally {
        await connection.close();
      }
    },
    edit(change) {
      const description = JSON.parse(readFileSync(file, 'utf8')) as Description;
      change(description);
      writeFileSync(file, `${JSON.stringify(description, null, 2)}\n`);
    },
  };
}

const SERVICES =
  'etcd kube-apiserver kube-controller-manager kube-scheduler containerd flanneld kubelet kube-proxy';

/** Process ids of every daemon on a machine: equal before and after means nothing was restarted. */
export async function daemons(lab: Lab, machine: string): Promise<string> {
  const result = await lab.on(
    machine,
    `for s in ${SERVICES}; do echo "$s $(systemctl show -p MainPID --value $s)"; done`,
  );
  if (!result.ok) throw new Error(`${machine}: ${result.stderr}`);
  return result.stdout;
}
