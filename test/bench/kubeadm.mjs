// The other contender: kubeadm driven by hand, whatever can be done at once done at once.
import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { etcdTag, images, kubeadm } from './kubeadm-artefacts.mjs';
import * as config from './kubeadm-config.mjs';
import { ours } from './ours.mjs';

const kubectl = 'kubectl --kubeconfig=/etc/kubernetes/admin.conf';

/** Everything that could be done on another day: programs, images, units. Not measured. */
export async function preload(cluster, machines, connections) {
  const program = upload('/usr/local/bin/kubeadm', { file: await kubeadm() }, 0o755);
  const archives = await images(connections[0]);
  const writeCni = upload(
    '/usr/local/lib/bench/write-cni',
    Buffer.from(ours.template('flannel/write-cni', {})),
    0o755,
  );
  const each = async (connection, machine) => {
    const isMaster = machine === machines[0];
    const files = [
      program,
      writeCni,
      upload('/etc/systemd/system/kubelet.service', Buffer.from(config.kubeletUnit)),
      upload('/etc/systemd/system/flanneld.service', Buffer.from(config.flannelUnit(machine))),
      upload('/etc/flannel/net-conf.json', Buffer.from(config.flannelNetwork(cluster))),
      ...(isMaster ? archives : archives.filter(({ name }) => name === 'kube-proxy')).map(
        ({ name, archive }) => upload(`/var/tmp/${name}.tar`, archive),
      ),
    ];
    for (const file of files) await connection.put(file);
    await run(
      connection,
      `for archive in /var/tmp/*.tar; do ctr --namespace k8s.io images import "$archive" >/dev/null && rm "$archive"; done
systemctl daemon-reload
systemctl enable --quiet kubelet`,
    );
  };
  await Promise.all(machines.map((machine, index) => each(connections[index], machine)));
}

/** From here the clock runs. Returns seconds after the start: init done, joined, Ready, CoreDNS rolled out. */
export async function bringUp(cluster, machines, connections) {
  const began = performance.now();
  const seconds = () => (performance.now() - began) / 1000;
  const [master, ...minions] = machines;
  const [first, ...others] = connections;
  await run(
    first,
    heredoc('/etc/kubernetes/kubeadm.json', config.initConfiguration(cluster, master, etcdTag)) +
      'kubeadm init --config=/etc/kubernetes/kubeadm.json >/tmp/kubeadm.log 2>&1 || { tail -n 20 /tmp/kubeadm.log >&2; exit 1; }',
  );
  const initialised = seconds();
  const hash = await caHash(first);
  const network = flannelCredential(first, master);
  await Promise.all([
    network.then((credential) => startFlannel(first, credential)),
    ...minions.map(async (minion, index) => {
      await run(
        others[index],
        heredoc('/etc/kubernetes/kubeadm.json', config.joinConfiguration(minion, master, hash)) +
          'kubeadm join --config=/etc/kubernetes/kubeadm.json >/tmp/kubeadm.log 2>&1 || { tail -n 20 /tmp/kubeadm.log >&2; exit 1; }',
      );
      await startFlannel(others[index], await network);
    }),
  ]);
  const joined = seconds();
  await run(first, `${kubectl} wait --for=condition=Ready nodes --all --timeout=180s >/dev/null`);
  const ready = seconds();
  await run(
    first,
    `${kubectl} rollout status deployment/coredns --namespace kube-system --timeout=180s >/dev/null`,
  );
  return { initialised, joined, ready, done: seconds() };
}

/** kubeadm's pin: the digest of the authority's public key. */
async function caHash(connection) {
  const pem = await run(connection, 'cat /etc/kubernetes/pki/ca.crt');
  const key = new X509Certificate(pem).publicKey.export({ type: 'spki', format: 'der' });
  return `sha256:${createHash('sha256').update(key).digest('hex')}`;
}

async function flannelCredential(connection, master) {
  const token = await run(
    connection,
    `${kubectl} apply -f - <<'EOF' >/dev/null
${config.flannelAccess}
EOF
${kubectl} create token flannel --namespace kube-system`,
  );
  const authority = (await run(connection, 'base64 -w 0 /etc/kubernetes/pki/ca.crt')).trim();
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'bench',
        cluster: { server: `https://${master.address}:6443`, 'certificate-authority-data': authority },
      },
    ],
    users: [{ name: 'flannel', user: { token: token.trim() } }],
    contexts: [{ name: 'bench', context: { cluster: 'bench', user: 'flannel' } }],
    'current-context': 'bench',
  });
}

const startFlannel = (connection, credential) =>
  run(connection, `${heredoc('/etc/flannel/kubeconfig', credential)}systemctl start --no-block flanneld`);

const heredoc = (path, text) => `mkdir -p "$(dirname ${path})"
cat > ${path} <<'END-OF-FILE'
${text}
END-OF-FILE
`;

async function run(connection, script) {
  const { ok, stdout, stderr, outcome } = await connection.run(script, { limit: 300 });
  if (!ok) throw new Error(`${connection.label} (${outcome}): ${stderr || stdout}`);
  return stdout;
}

function upload(path, content, mode = 0o644) {
  const hash = createHash('sha256');
  hash.update(Buffer.isBuffer(content) ? content : readFileSync(content.file));
  return { path, content, mode, sha256: hash.digest('hex') };
}
