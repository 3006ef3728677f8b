import { X509Certificate } from 'node:crypto';
import type { User, UserRequest } from '../src/cli/product.ts';
import { daysIn, isDuration, secondsIn } from '../src/cluster/duration.ts';
import type { Cluster } from '../src/cluster/model.ts';
import { UsageError } from '../src/errors.ts';
import { newKey, privateKeyPem, publicHalf } from '../src/pki/keys.ts';
import { certificates } from './certificates.ts';
import { apiOutside } from './endpoint.ts';
import { kubeconfig } from './kubeconfig.ts';
import { preparePki } from './pki.ts';

/** A kubeconfig for a person: its key exists nowhere else, its certificate carries the name and exactly these groups. */
export async function user(cluster: Cluster, pkiFolder: string, request: UserRequest): Promise<User> {
  const { name, groups, ttl } = request;
  const problem =
    nameProblem(cluster, name) ?? groups.map(groupProblem).find(Boolean) ?? ttlProblem(cluster, ttl);
  if (problem) throw new UsageError(problem);
  const ca = (await preparePki(cluster, pkiFolder, false)).authority('ca');
  const key = await newKey(cluster.pki.algorithm);
  const { certificatePem } = ca.issue({
    publicKey: publicHalf(key),
    commonName: name,
    organizations: groups,
    usages: ['client'],
    days: daysIn(ttl),
  });
  const { serialNumber, validTo } = new X509Certificate(certificatePem);
  const credential = { certificate: certificatePem, key: privateKeyPem(key) };
  return {
    kubeconfig: kubeconfig(cluster.name, apiOutside(cluster), ca.trustPem, name, credential),
    serial: serialNumber,
    expires: new Date(validTo),
  };
}

const NAME = /^[A-Za-z0-9]([A-Za-z0-9._@-]{0,62}[A-Za-z0-9])?$/;
const GROUP = /^[A-Za-z0-9]([A-Za-z0-9._@:/-]{0,62}[A-Za-z0-9])?$/;

/** Some rights hang on the names of components, not on groups. */
function nameProblem(cluster: Cluster, name: string): string | null {
  const components = certificates(cluster).map(({ commonName }) => commonName);
  if (name.startsWith('system:') || name.startsWith('hardway-') || components.includes(name))
    return `${name} is the name of a component of the cluster; no user may have it`;
  return NAME.test(name)
    ? null
    : `${JSON.stringify(name)} is no user name: letters, digits and . _ @ -, 64 at most`;
}

function groupProblem(group: string): string | null {
  if (group.startsWith('system:'))
    return `${group} belongs to Kubernetes itself; bind a group of your own to the role instead`;
  return GROUP.test(group)
    ? null
    : `${JSON.stringify(group)} is no group name: letters, digits and . _ @ : / -, 64 at most`;
}

function ttlProblem({ pki }: Cluster, ttl: string): string | null {
  if (!isDuration(ttl) || secondsIn(ttl) === 0)
    return `${JSON.stringify(ttl)} is no length of time; write 30m, 8h or 2d`;
  return secondsIn(ttl) <= secondsIn(pki.leafValidity)
    ? null
    : `${ttl} is longer than any certificate may live (pki.leafValidity: ${pki.leafValidity})`;
}
