import type { Product } from '../src/cli/product.ts';
import { kubeconfig } from './kubeconfig.ts';
import { preparePki } from './pki.ts';
import { scratch } from './recipe.ts';
import { removal } from './removal.ts';
import { apiServer } from './scope.ts';
import { status } from './status.ts';

/** This recipe, as the command line wants it. */
export const product: Product = {
  async prepare(cluster, pkiFolder, mayCreate) {
    const pki = await preparePki(cluster, pkiFolder, mayCreate);
    const ca = pki.authority('ca').certificatePem;
    return {
      recipe: (artefacts, token) => scratch({ cluster, pki, artefacts, token }),
      kubeconfig: kubeconfig(
        cluster.name,
        apiServer(cluster, null),
        ca,
        `${cluster.name}-admin`,
        pki.leaf('operator/admin'),
      ),
    };
  },
  status,
  removal,
};
