import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import { admission, admissionPlugins } from '../../provisioners/admission.ts';
import { auditPolicy } from '../../provisioners/audit-policy.ts';
import { encryptionConfiguration, prefixOf } from '../../provisioners/encryption.ts';
import { parseFacts } from '../../provisioners/facts.ts';
import { kubeletConfiguration } from '../../provisioners/kubelet-configuration.ts';
import { host } from '../../provisioners/phases/host.ts';
import { phases, recipeOf } from '../../provisioners/recipe.ts';
import type { Scope } from '../../provisioners/scope.ts';
import type { Cluster } from '../../src/cluster/model.ts';
import type { EncryptionKey } from '../../src/state/encryption-keys.ts';
import { cluster, factsOf, type Kind } from './machines.ts';
import { planFor } from './scratch.ts';

const secured = (more: Partial<Cluster['security']>): Cluster => ({
  ...cluster,
  security: { ...cluster.security, ...more },
});
const hardened = secured({ profile: 'hardened' });
const key = (name: string, provider: EncryptionKey['provider'], more: object = {}): EncryptionKey => ({
  name,
  provider,
  secret: `<${name}>`,
  ...more,
});

describe('encryption', () => {
  const providersFor = (keys: readonly EncryptionKey[]): unknown =>
    (parse(encryptionConfiguration(keys)) as { resources: { resources: string[]; providers: object[] }[] })
      .resources;

  it('writes with the first key, reads with all, and what nobody encrypted last of all', () => {
    expect(providersFor([key('key2', 'aescbc'), key('key1', 'secretbox')])).toEqual([
      {
        resources: ['secrets'],
        providers: [
          { aescbc: { keys: [{ name: 'key2', secret: '<key2>' }] } },
          { secretbox: { keys: [{ name: 'key1', secret: '<key1>' }] } },
          { identity: {} },
        ],
      },
    ]);
  });

  it('leaves out a key that is retired', () => {
    const keys = [key('key2', 'aescbc'), key('key1', 'secretbox', { retired: true })];
    expect(JSON.stringify(providersFor(keys))).not.toContain('key1');
  });

  it('can be told from the value in etcd', () => {
    expect(prefixOf(key('key2', 'aescbc'))).toBe('k8s:enc:aescbc:v1:key2:');
  });
});

describe('a changed way of encrypting', () => {
  const notesWith = async (provider: EncryptionKey['provider']): Promise<readonly string[]> => {
    const { pki, artefacts } = planFor('vm-cgroup-v2').scope('master');
    const facts = new Map(cluster.nodes.map(({ name }) => [name, factsOf('vm-cgroup-v2', name)]));
    const restarting = { machines: async () => [], reload: async () => {}, report: () => undefined };
    const recipe = recipeOf({
      ...{ cluster, pki, artefacts, restarting, encryption: [key('key1', provider)] },
      ...{ token: '<id>.<secret>', leaving: [], hostCpus: 2 },
    });
    return (await recipe.plan(facts)).notes;
  };

  it('waits for the verb that carries it out, and says so', async () => {
    expect(await notesWith('aescbc')).toEqual([
      'security.encryption secretbox waits for: hardway security rotate-key (Secrets are encrypted with aescbc)',
    ]);
    expect(await notesWith('secretbox')).toEqual([]);
  });
});

describe('the audit policy', () => {
  interface Rule {
    readonly level: string;
    readonly verbs?: readonly string[];
    readonly resources?: readonly { readonly group: string; readonly resources: readonly string[] }[];
  }
  const { rules } = parse(auditPolicy()) as { rules: readonly Rule[] };
  const levelOf = (verb: string, group: string, resource: string): string | undefined =>
    rules.find(
      ({ verbs, resources }) =>
        (verbs?.includes(verb) ?? true) &&
        (resources?.some((one) => one.group === group && one.resources.includes(resource)) ?? true),
    )?.level;

  it.each([
    ['create', '', 'secrets', 'Metadata'],
    ['get', '', 'secrets', 'Metadata'],
    ['patch', '', 'configmaps', 'Metadata'],
    ['create', '', 'serviceaccounts/token', 'Metadata'],
    ['create', 'authentication.k8s.io', 'tokenreviews', 'Metadata'],
    ['create', '', 'pods/exec', 'Metadata'],
    ['create', '', 'services/proxy', 'Metadata'],
    ['create', '', 'pods', 'Request'],
    ['get', '', 'pods', 'Metadata'],
    ['patch', 'apps', 'deployments', 'Request'],
    ['delete', 'rbac.authorization.k8s.io', 'clusterroles', 'Metadata'],
  ])('%s %s %s: %s', (verb, group, resource, level) => {
    expect(levelOf(verb, group, resource)).toBe(level);
  });

  it('writes no request twice', () => {
    expect(parse(auditPolicy())).toMatchObject({ omitStages: ['RequestReceived'] });
  });
});

describe('admission', () => {
  const told = (described: Cluster) =>
    parse(admission(described)) as { plugins: { name: string; configuration: Record<string, unknown> }[] };

  it.each(['privileged', 'baseline', 'restricted'] as const)(
    'enforces %s where a namespace says nothing else',
    (podSecurity) => {
      expect(told(secured({ podSecurity })).plugins[0]).toMatchObject({
        name: 'PodSecurity',
        configuration: {
          defaults: { enforce: podSecurity, warn: 'restricted', audit: 'restricted' },
          exemptions: { namespaces: ['kube-system'], usernames: [], runtimeClasses: [] },
        },
      });
    },
  );

  it('says why a namespace is exempt', () => {
    expect(admission(cluster)).toMatch(/^# kube-system is exempt: .{20,}\.\n/);
  });

  it('limits events when hardened, and only then', () => {
    expect(admissionPlugins(cluster)).toEqual(['NodeRestriction', 'DenyServiceExternalIPs']);
    expect(admissionPlugins(hardened)).toContain('EventRateLimit');
    expect(told(cluster).plugins.map(({ name }) => name)).toEqual(['PodSecurity']);
    expect(told(hardened).plugins.map(({ name }) => name)).toEqual(['PodSecurity', 'EventRateLimit']);
  });
});

describe('the profile hardened', () => {
  const scopeOf = (kind: Kind, described: Cluster): Scope => ({
    ...planFor(kind).scope('minion-1'),
    ...{ cluster: described, facts: parseFacts(factsOf(kind, 'minion-1')) },
  });
  const strict = { streamingConnectionIdleTimeout: '5m', podPidsLimit: 4096, seccompDefault: true };
  const sysctls = (scope: Scope): string[] =>
    host(scope.cluster)
      .stages.flatMap((stage) => stage.resources(scope))
      .map(({ id }) => id)
      .filter((id) => /^sysctl:(vm|kernel)\./.test(id));

  it('tells kubelets what a lab is spared', () => {
    expect(kubeletConfiguration(scopeOf('vm-cgroup-v2', hardened))).toMatchObject({
      ...strict,
      protectKernelDefaults: true,
    });
    for (const name of [...Object.keys(strict), 'protectKernelDefaults'])
      expect(kubeletConfiguration(scopeOf('vm-cgroup-v2', cluster))).not.toHaveProperty(name);
  });

  it('sets what the kubelet then insists on, but not in a container, whose kernel is the host’s', () => {
    expect(sysctls(scopeOf('vm-cgroup-v2', hardened))).toHaveLength(6);
    expect(sysctls(scopeOf('vm-cgroup-v2', cluster))).toEqual([]);
    expect(sysctls(scopeOf('lxc-cgroup-v1', hardened))).toEqual([]);
    expect(kubeletConfiguration(scopeOf('lxc-cgroup-v1', hardened))).toMatchObject({
      ...strict,
      protectKernelDefaults: false,
    });
  });

  it('has the phase that hardens accounts', () => {
    const names = (described: Cluster): string[] => phases(described, [], []).map(({ name }) => name);
    expect(names(hardened)).toContain('hardening');
    expect(names(cluster)).not.toContain('hardening');
  });
});
