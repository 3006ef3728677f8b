import type { Resource } from '../src/engine/resource.ts';
import { file } from '../src/resources/file.ts';
import { isEtcdOnly, type Scope } from './scope.ts';
import { template } from './template.ts';

/** Read by every login shell; /etc/motd and root's home belong to others. */
export const LOGIN = '/etc/profile.d/hardway.sh';

/** Whoever logs in is told what this machine is, and root's kubectl works: on masters as the administrator. */
export const login = ({ cluster, node: { name, roles, address } }: Scope): Resource =>
  file(
    LOGIN,
    template('host/login.sh', {
      ...{ cluster: cluster.name, name, address, roles: roles.join(', ') },
      credential:
        !isEtcdOnly({ roles }) && `/etc/kubernetes/${roles.includes('master') ? 'admin' : 'kubelet'}.conf`,
    }),
    { why: 'Whoever logs in sees what this machine is, and root’s kubectl knows the cluster.' },
  );
