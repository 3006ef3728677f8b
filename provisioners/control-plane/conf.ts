import { file, type FileResource } from '../../src/resources/file.ts';
import { kubeconfig } from '../kubeconfig.ts';
import { apiServer, type Scope } from '../scope.ts';

/** The kubeconfig of a program on a master (or of its administrator), for the master's own API server. */
export function masterConf({ cluster, node, pki }: Scope, name: string): FileResource {
  const ca = pki.authority('ca').trustPem;
  const text = kubeconfig(cluster.name, apiServer(cluster, node), ca, name, pki.leaf(`${node.name}/${name}`));
  return file(`/etc/kubernetes/${name}.conf`, text, { secret: true });
}
