import { type Script, sh, verbatim } from '../../../src/connection/quote.ts';
import type { Resource } from '../../../src/engine/resource.ts';
import { command } from '../../../src/resources/command.ts';
import { file } from '../../../src/resources/file.ts';
import { kubeletPlace } from '../../certificates.ts';

/** Where images lie, on the machine and in the pod; they stay when the add-on goes. */
export const STORE = '/var/lib/registry';

/** A number that no user of a machine has. */
export const USER = 65_532;

/** containerd's folder for what it is told of registries. */
const CERTS = '/etc/containerd/certs.d';
const MARK = '# Written by Hardway.';

/** containerd asks the registry with the kubelet's certificate, and trusts what the cluster's authority has signed. */
export const trustEntry = (host: string): Resource =>
  file(
    `${CERTS}/${host}/hosts.toml`,
    `${MARK}
server = "https://${host}"
ca = "/etc/kubernetes/pki/ca.crt"
client = "${kubeletPlace('client')}"
`,
    { why: 'so that the node trusts the cluster’s own registry' },
  );

/** Registries that we had made trusted, other than these, are no longer. */
export const noOtherTrust = (hosts: readonly string[]): Resource => ({
  id: 'registries:containerd',
  desired: { alsoTrusted: '' },
  why: 'no node trusts a registry that the cluster no longer has',
  question: command(others(hosts), (output) => ({ alsoTrusted: output.split('\n').join(' ') })),
  steps: () => [
    { run: sh`${verbatim(others(hosts))} | while read -r host; do rm -r -- ${CERTS}/"$host"; done` },
  ],
});

const others = (hosts: readonly string[]): Script =>
  sh`for entry in ${CERTS}/*/hosts.toml; do
  grep -qsxF ${MARK} "$entry" || continue
  host=\${entry%/hosts.toml}; host=\${host##*/}
  case " "${hosts.join(' ')}" " in *" $host "*) ;; *) echo "$host" ;; esac
done`;

/** Belongs to who serves what lies in it. */
export const storeFolder: Resource = {
  id: `directory:${STORE}`,
  desired: { owner: `${USER}:${USER}` },
  question: command(sh`stat -c '%u:%g' ${STORE} 2>/dev/null || true`, (output) =>
    output === '' ? null : { owner: output },
  ),
  steps: () => [{ run: sh`install -d -m 0700 -o ${String(USER)} -g ${String(USER)} ${STORE}` }],
  why: 'where the registry keeps images',
};
