import { type Applied, applied } from './apply.ts';
import { Refusal } from './refusal.ts';

/** An API object as JSON; what the model reads of it is asked for by name. */
export interface ApiObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

/** A certificate request of a kubelet. */
export interface SigningRequest {
  readonly name: string;
  readonly signer: string;
  readonly requestor: string;
  readonly usages: readonly string[];
  readonly pem: string;
  readonly machine: string;
  condition: '' | 'Approved' | 'Denied';
  certificate: string;
}

type Identity = Pick<ApiObject, 'apiVersion' | 'kind' | 'metadata'>;

export const identityOf = ({ apiVersion, kind, metadata: { name, namespace } }: Identity): string =>
  [apiVersion, kind, namespace ?? '', name].join('/');

/** Fields that the API server refuses to change. */
const immutable: Readonly<Record<string, readonly string[]>> = {
  ClusterRoleBinding: ['roleRef'],
};

/** What the API server keeps. Who may ask is judged elsewhere. */
export class Api {
  readonly #objects = new Map<string, Applied>();
  readonly requests = new Map<string, SigningRequest>();

  get(wanted: Identity): ApiObject | undefined {
    return this.#objects.get(identityOf(wanted))?.object;
  }

  all(): ApiObject[] {
    return [...this.#objects.values()].map(({ object }) => object);
  }

  /** Server-side apply as field manager hardway, with force. */
  apply(sent: ApiObject): void {
    const there = this.#objects.get(identityOf(sent));
    for (const field of immutable[sent.kind] ?? []) {
      if (there && JSON.stringify(there.object[field]) !== JSON.stringify(sent[field]))
        throw new Refusal(
          1,
          `The ${sent.kind} "${sent.metadata.name}" is invalid: ${field}: field is immutable`,
        );
    }
    this.#objects.set(identityOf(sent), applied(there, sent));
  }

  /** As somebody else would write it; what hardway applied stays known. */
  set(object: ApiObject): void {
    const owned = this.#objects.get(identityOf(object))?.owned ?? new Set<string>();
    this.#objects.set(identityOf(object), { object, owned });
  }

  delete(object: Identity): void {
    this.#objects.delete(identityOf(object));
  }
}

export const nodeNamed = (name: string): Identity => ({ apiVersion: 'v1', kind: 'Node', metadata: { name } });

/** Administrators have their right by one binding. */
export function administratorsMay(api: Api): boolean {
  const binding = api.get({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'hardway:cluster-admins' },
  });
  const subjects = (binding?.['subjects'] ?? []) as { name: string }[];
  const role = binding?.['roleRef'] as { name: string } | undefined;
  return role?.name === 'cluster-admin' && subjects.some(({ name }) => name === 'hardway:cluster-admins');
}

/** The join token that these objects hold, `id.secret`, when it is still valid. */
export function knowsToken(api: Api, token: string): boolean {
  const [id = '', secret = ''] = token.split('.');
  const metadata = { name: `bootstrap-token-${id}`, namespace: 'kube-system' };
  const data = (api.get({ apiVersion: 'v1', kind: 'Secret', metadata })?.['data'] ?? {}) as Readonly<
    Record<string, string>
  >;
  const text = (key: string): string => Buffer.from(data[key] ?? '', 'base64').toString();
  return text('token-secret') === secret && Date.parse(text('expiration')) > Date.now();
}
