import type { Product } from '../src/cli/product.ts';

/** This recipe, as the command line wants it; each part is loaded when it is needed. */
export const product: Product = {
  async prepare(cluster, state, mayCreate, renewal) {
    const [{ preparePki }, { encryptionKeys }, { kubeconfig }, { recipeOf }, { apiOutside }] =
      await Promise.all([
        import('./pki.ts'),
        import('../src/state/encryption-keys.ts'),
        import('./kubeconfig.ts'),
        import('./recipe.ts'),
        import('./endpoint.ts'),
      ]);
    const [pki, encryption] = await Promise.all([
      preparePki(cluster, state.path('pki'), mayCreate, renewal),
      encryptionKeys(state, cluster.security.encryption, mayCreate),
    ]);
    const ca = pki.authority('ca').trustPem;
    const admin = pki.leaf('operator/admin');
    return {
      async keep() {
        await encryption.keep();
        await pki.keep();
      },
      async recipe(circumstances) {
        const { loadOwn } = await import('./own/load.ts');
        const own = await loadOwn(cluster, circumstances.folder, circumstances.artefacts);
        return recipeOf({ cluster, pki, encryption: encryption.keys, own, ...circumstances });
      },
      kubeconfig: kubeconfig(cluster.name, apiOutside(cluster), ca, `${cluster.name}-admin`, admin),
    };
  },
  async teaching() {
    const { explained, meantBy } = await import('./explain.ts');
    return { explained, meantBy };
  },
  facts: async () => (await import('./facts.ts')).factsScript,
  async explain(cluster, machine, is) {
    const { influences, wantedOf } = await import('./influences.ts');
    const all = new Map(wantedOf(cluster, machine).map((one) => [one.id, one]));
    const wanted = [...all.values()].filter(({ id }) => is(id));
    const keys = influences(
      cluster,
      machine,
      wanted.map(({ id }) => id),
    );
    return wanted.map((one) => ({ ...one, keys: keys.get(one.id) ?? [] }));
  },
  async revocation(cluster) {
    const [{ revokeTokens }, { byRole, namesOf }] = await Promise.all([
      import('./join-token.ts'),
      import('./scope.ts'),
    ]);
    return { on: namesOf(byRole(cluster, 'master')), script: revokeTokens };
  },
  user: async (cluster, pkiFolder, request) => (await import('./users.ts')).user(cluster, pkiFolder, request),
  pki: async () => (await import('./pki-knowledge.ts')).pkiKnowledge,
  async checks() {
    const [{ ports }, { security }] = await Promise.all([
      import('./listeners.ts'),
      import('./cis/security.ts'),
    ]);
    return { ports, security };
  },
  probes: async () => (await import('./probes/probes.ts')).probes,
  demonstration: async () => (await import('./demo/demo.ts')).demonstration,
  async atRest(cluster) {
    const { ready, rewriteSecrets } = await import('./rewrite-secrets.ts');
    return {
      phase: 'api-server',
      ready: (machines) => ready(cluster, machines),
      rewrite: (machines, key) => rewriteSecrets(cluster, machines, key),
    };
  },
  hand: async () => (await import('./hand.ts')).hand,
  addons: async (cluster, folder) => (await import('./addons/summary.ts')).summary(cluster, folder),
  async phases(cluster) {
    const { parts, phases } = await import('./recipe.ts');
    const everybody = cluster.nodes.map(({ name }) => name);
    const { master, minion } = parts(cluster, everybody);
    const partOf = (name: string) =>
      (master.some((one) => one.name === name) && 'master') ||
      (minion.some((one) => one.name === name) && 'minion') ||
      null;
    return phases(cluster, everybody, []).map(({ name, title, on, needs = [], docs = '' }) => ({
      ...{ name, part: partOf(name), title, on, docs },
      needs: needs.map(({ description }) => description),
    }));
  },
  status: async (cluster, machines, patience) =>
    (await import('./status.ts')).status(cluster, machines, patience),
  overview: async (cluster, machines) => (await import('./overview/overview.ts')).overview(cluster, machines),
  glance: async (cluster, surveys) => (await import('./glance.ts')).glance(cluster, surveys),
  async removal(cluster, pkiFolder, isNew) {
    const [{ preparePki }, { removal }] = await Promise.all([import('./pki.ts'), import('./removal.ts')]);
    const pki = await preparePki(cluster, pkiFolder, isNew);
    return removal(pki.authority('ca').recognized);
  },
};
