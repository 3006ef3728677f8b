import { X509Certificate } from 'node:crypto';
import type { ApiObject } from './api.ts';
import { nodeNamed } from './api.ts';
import { KUBECTL } from './commands.ts';
import { apiAt, asAdministrator } from './door.ts';
import type { ModelMachine } from './machine.ts';
import { Refusal } from './refusal.ts';
import { MARK } from '../../provisioners/resources/inventory.ts';
import { revokeTokens } from '../../provisioners/join-token.ts';
import { backInService, CORDONED, drain } from '../../provisioners/resources/registration.ts';
import { type Known, like, shape, text, word, words, wordsOf } from './shape.ts';

type Step = Known<ModelMachine, void>;

const APPLY = 'apply --server-side --validate=false --force-conflicts --field-manager=hardway -f -';
const objectsIn = (list: string): ApiObject[] => (JSON.parse(list) as { items: ApiObject[] }).items;

interface RequestPatch {
  readonly status: {
    readonly certificate?: string;
    readonly conditions?: readonly { readonly type: string }[];
  };
}

/** What is done to the API; each object is an effect of its own. */
export const kubectlSteps: readonly Step[] = [
  {
    shape: shape`${KUBECTL} ${APPLY} <<'HARDWAY'
${text}
HARDWAY`,
    act: (machine, list = '') => {
      for (const object of objectsIn(list))
        machine.cluster.effect(machine, () => asAdministrator(machine).apply(object));
    },
  },
  {
    shape: shape`${KUBECTL} delete --ignore-not-found --timeout=60s -f - <<'HARDWAY'
${text}
HARDWAY`,
    act: (machine, list = '') => {
      for (const object of objectsIn(list))
        machine.cluster.effect(machine, () => asAdministrator(machine).delete(object));
    },
  },
  {
    shape: shape`said=$(${KUBECTL} delete ${word} --namespace ${word} --selector ${MARK} --field-selector ${word} --ignore-not-found --timeout=120s 2>&1) || case $said in
  *"doesn't have a resource type"*) ;;
  *) echo "$said" >&2; exit 1;;
esac`,
    act: (machine, type = '', namespace = '', name = '') => {
      const api = asAdministrator(machine);
      const found = api.all().find((object) => isMarked(object, type, namespace, name.split('=')[1] ?? ''));
      if (found) machine.cluster.effect(machine, () => api.delete(found));
    },
  },
  {
    shape: shape`${KUBECTL} get -o name -f - <<'HARDWAY' >/dev/null
${text}
HARDWAY`,
    act: (machine, list = '') => {
      const missing = objectsIn(list).find((object) => asAdministrator(machine).get(object) === undefined);
      if (missing) throw new Refusal(1, `${missing.kind} "${missing.metadata.name}" not found`);
    },
  },
  {
    shape: shape`umask 077
mkdir -p /run/hardway
glass=$(mktemp /run/hardway/break-glass.XXXXXX)
trap 'rm -f "$glass"' EXIT
cat > "$glass" <<'HARDWAY'
${text}
HARDWAY
/usr/local/bin/kubectl --kubeconfig="$glass" --cache-dir=/run/hardway/kubectl ${APPLY} <<'HARDWAY'
${text}
HARDWAY`,
    act: (machine, kubeconfig = '', list = '') => {
      const server = /^ *server: (\S+)$/m.exec(kubeconfig)?.[1] ?? '';
      const api = apiAt(machine, server);
      if (api === null || !isMaster(kubeconfig)) throw new Refusal(1, `${server} was refused`);
      for (const object of objectsIn(list)) machine.cluster.effect(machine, () => api.apply(object));
    },
  },
  {
    shape: shape`${KUBECTL} certificate approve ${word} >/dev/null`,
    act: (machine, name = '') =>
      machine.cluster.effect(machine, () => {
        const request = asAdministrator(machine).requests.get(name);
        if (request === undefined) throw new Refusal(1, `request "${name}" not found`);
        request.condition = 'Approved';
      }),
  },
  {
    shape: shape`${KUBECTL} patch csr ${word} ${'--subresource='}${word} --type=merge --patch ${word} >/dev/null`,
    act: (machine, name = '', _ = '', patch = '') =>
      machine.cluster.effect(machine, () => {
        const request = asAdministrator(machine).requests.get(name);
        if (request === undefined) throw new Refusal(1, `request "${name}" not found`);
        const { certificate, conditions = [] } = (JSON.parse(patch) as RequestPatch).status;
        if (certificate) request.certificate = Buffer.from(certificate, 'base64').toString();
        if (conditions.some(({ type }) => type === 'Denied')) request.condition = 'Denied';
      }),
  },
  ...[true, false].map((reachable): Step => ({
    shape: like(drain('HOLE', 'REASON', 120, reachable), {
      HOLE: word,
      "'hardway.dev/cordoned=REASON'": word,
      "'--timeout=120s'": word,
    }),
    act: (machine, name = '', reason = '') => {
      onNode(machine, name, (node) => annotated(node, CORDONED, reason.split('=')[1] ?? ''));
      onNode(machine, name, (node) => ({ ...node, spec: { ...specOf(node), unschedulable: true } }));
    },
  })),
  {
    shape: like(backInService('HOLE'), { HOLE: word }),
    act: (machine, name = '') => {
      onNode(machine, name, (node) => {
        const { unschedulable: _, ...spec } = specOf(node);
        return { ...node, spec };
      });
      onNode(machine, name, (node) => annotated(node, CORDONED, null));
    },
  },
  {
    shape: shape`${KUBECTL} taint node ${word} --overwrite ${words} >/dev/null`,
    act: (machine, name = '', taints = '') =>
      onNode(machine, name, (node) => ({
        ...node,
        spec: { ...specOf(node), taints: tainted(node, wordsOf(taints)) },
      })),
  },
  {
    shape: like(revokeTokens, {}),
    act: (machine) => {
      const api = asAdministrator(machine);
      const tokens = api.all().filter((object) => object['type'] === 'bootstrap.kubernetes.io/token');
      for (const token of tokens.filter(isOurs)) machine.cluster.effect(machine, () => api.delete(token));
    },
  },
  {
    shape: shape`${KUBECTL} delete node ${word}`,
    act: (machine, name = '') =>
      machine.cluster.effect(machine, () => asAdministrator(machine).delete(nodeNamed(name))),
  },
];

const isOurs = ({ metadata }: ApiObject): boolean =>
  metadata.labels?.['app.kubernetes.io/managed-by'] === 'hardway';

/** One effect on a Node, which must be there. */
function onNode(machine: ModelMachine, name: string, change: (node: ApiObject) => ApiObject): void {
  machine.cluster.effect(machine, () => {
    const api = asAdministrator(machine);
    const node = api.get(nodeNamed(name));
    if (node === undefined) throw new Refusal(1, `nodes "${name}" not found`);
    api.set(change(node));
  });
}

interface Spec {
  readonly taints?: readonly { readonly key: string; readonly value?: string; readonly effect: string }[];
  readonly unschedulable?: boolean;
}
const specOf = (node: ApiObject): Spec => (node['spec'] ?? {}) as Spec;

function annotated(node: ApiObject, key: string, value: string | null): ApiObject {
  const { [key]: _, ...others } = node.metadata.annotations ?? {};
  const annotations = value === null ? others : { ...others, [key]: value };
  return { ...node, metadata: { ...node.metadata, annotations } };
}

/** As `kubectl taint` understands its words: key=value:Effect, or key:Effect- to take one away. */
function tainted(node: ApiObject, changes: readonly string[]): Spec['taints'] {
  const taints = new Map((specOf(node).taints ?? []).map((taint) => [`${taint.key}:${taint.effect}`, taint]));
  for (const change of changes) {
    const [, key = '', value, effect = '', minus] =
      /^([^=:]+)(?:=([^:]*))?:([A-Za-z]+)(-?)$/.exec(change) ?? [];
    if (minus === '-') taints.delete(`${key}:${effect}`);
    else taints.set(`${key}:${effect}`, { key, ...(value === undefined ? {} : { value }), effect });
  }
  return [...taints.values()];
}

function isMaster(kubeconfig: string): boolean {
  const pem = Buffer.from(/client-certificate-data: (\S+)/.exec(kubeconfig)?.[1] ?? '', 'base64');
  return new X509Certificate(pem).subject.includes('O=system:masters');
}

/** `Deployment.v1.apps` by name, and made by an add-on. */
function isMarked(object: ApiObject, type: string, namespace: string, name: string): boolean {
  const [group = '', version = ''] = object.apiVersion.includes('/')
    ? object.apiVersion.split('/')
    : ['', object.apiVersion];
  const { metadata } = object;
  return (
    `${object.kind}.${version}.${group}` === type &&
    metadata.name === name &&
    (metadata.namespace ?? namespace) === namespace &&
    metadata.labels?.[MARK] !== undefined
  );
}
