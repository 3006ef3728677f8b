import type { Api } from './api.ts';
import { Refusal } from './refusal.ts';

/** What lies in /var/lib/etcd of the one member. */
export interface EtcdData {
  readonly keys: Map<string, string>;
  readonly users: Map<string, Set<string>>;
  /** Permissions as etcd prints them, by role. */
  readonly roles: Map<string, Map<string, Permission>>;
  authentication: boolean;
  /** Everything below /registry/. */
  readonly api: Api;
}

export interface Permission {
  readonly type: string;
  readonly key: string;
  readonly prefix: boolean;
}

export const emptyEtcd = (api: Api): EtcdData => ({
  ...{ keys: new Map(), users: new Map(), roles: new Map() },
  ...{ authentication: false, api },
});

/** Whether the owner of a certificate may read and write below a key. */
export function mayUse({ authentication, users, roles }: EtcdData, user: string, key: string): boolean {
  if (!authentication) return true;
  const permissions = [...(users.get(user) ?? [])].flatMap((role) => [
    ...(roles.get(role) ?? new Map()).values(),
  ]) as Permission[];
  return permissions.some(
    ({ type, key: begin, prefix }) =>
      type === 'readwrite' && (prefix ? key.startsWith(begin) : key === begin),
  );
}

export function grantRole({ users, roles }: EtcdData, user: string, role: string): void {
  const has = users.get(user);
  if (has === undefined || !roles.has(role)) throw new Refusal(1, `etcd: no user or role ${user}, ${role}`);
  has.add(role);
}

export function grantPermission({ roles }: EtcdData, role: string, permission: Permission): void {
  const has = roles.get(role);
  if (has === undefined) throw new Refusal(1, `etcd: no role ${role}`);
  has.set(permission.key, permission);
}

export function enableAuthentication(data: EtcdData): void {
  if (!data.users.get('root')?.has('root')) throw new Refusal(1, 'etcd: root user does not have root role');
  data.authentication = true;
}

/** As `etcdctl user get`, `role get` and `auth status` print them with `-w json`; '' for what is not there. */
export const userJson = ({ users }: EtcdData, name: string): string => {
  const roles = users.get(name);
  return roles === undefined ? '' : JSON.stringify({ roles: [...roles].sort() });
};

export function roleJson({ roles }: EtcdData, name: string): string {
  const permissions = roles.get(name);
  if (permissions === undefined) return '';
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const end = (key: string): string =>
    key.slice(0, -1) + String.fromCharCode(key.charCodeAt(key.length - 1) + 1);
  const perm = [...permissions.values()].map(({ type, key, prefix }) => ({
    permType: ['read', 'write', 'readwrite'].indexOf(type),
    key: base64(key),
    ...(prefix ? { range_end: base64(end(key)) } : {}),
  }));
  return JSON.stringify({ perm });
}

export const authenticationJson = ({ authentication }: EtcdData): string =>
  JSON.stringify(authentication ? { enabled: true } : {});

/** Another one after each change of users, roles or authentication. */
export const accessRevision = ({ authentication, users, roles }: EtcdData): string =>
  JSON.stringify([
    authentication,
    [...users].map(([name, has]) => [name, [...has].sort()]).sort(),
    [...roles]
      .map(([name, permissions]) => [
        name,
        [...permissions.values()].map((one) => JSON.stringify(one)).sort(),
      ])
      .sort(),
  ]);
