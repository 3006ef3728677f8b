import type { Artefacts } from '../../src/artefacts/artefact.ts';
import { HardwayError } from '../../src/errors.ts';
import { $ } from '../../src/shell.ts';

/** Programs that work on this side. */
export interface Tools {
  /** The manifests that a folder with a kustomization stands for. */
  kustomize(folder: string): Promise<string>;
  /** The manifests that a chart stands for. */
  helm(args: readonly string[], values: string, home: string): Promise<string>;
}

/** Seconds; a chart may have to be fetched. */
const PATIENCE = 120;

/** From the artefacts where this computer can run them, otherwise whatever is in the PATH. */
export const tools = (artefacts: Artefacts): Tools => ({
  kustomize: (folder) =>
    run(program(artefacts, 'kubectl'), ['kustomize', folder], { what: folder, input: '' }),
  helm: (args, values, home) =>
    run(program(artefacts, 'helm'), args, {
      what: `chart ${args[1] ?? ''}`,
      input: values,
      env: helmHome(home),
    }),
});

function program(artefacts: Artefacts, name: string): string {
  const runsHere = process.platform === 'linux' && (process.arch === 'x64' || process.arch === 'arm64');
  const found = runsHere ? artefacts.all().find((artefact) => artefact.name === name) : undefined;
  return found?.file ?? name;
}

interface Errand {
  /** Named when it fails. */
  readonly what: string;
  readonly input: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Helm keeps what it fetched and how it logged in there: nothing of the user's is read or left behind. */
const helmHome = (home: string): Record<string, string> => ({
  HELM_CACHE_HOME: `${home}/cache`,
  HELM_CONFIG_HOME: `${home}/config`,
  HELM_DATA_HOME: `${home}/data`,
});

async function run(
  command: string,
  args: readonly string[],
  { what, input, env = {} }: Errand,
): Promise<string> {
  const output = await $({
    ...{ input, nothrow: true, timeout: `${PATIENCE}s` },
    env: { ...process.env, KUBECONFIG: '/dev/null', ...env },
  })`${command} ${args}`;
  if (output.ok) return output.stdout;
  const how = output.signal === 'SIGTERM' ? `did not end within ${PATIENCE} s` : `exit ${output.exitCode}`;
  throw new HardwayError('ADDON', `${what}: ${args[0]} failed (${how})`, {
    evidence: output.stderr.trim().split('\n').slice(-8),
    remedy: 'Mend it and run again; what it made before stays as it is until then.',
  });
}
