import type { Lab } from './lab.ts';

export interface Call {
  /** Certificate and key on that machine. */
  readonly as?: { readonly cert: string; readonly key: string };
  readonly token?: string;
  readonly headers?: readonly string[];
  /** Sent as a strategic merge patch. */
  readonly patch?: object;
}

/** The status with which a server answers one machine; 000 when TLS already fails. The server must prove who it is. */
export async function status(lab: Lab, machine: string, url: string, call: Call = {}): Promise<string> {
  const { as, token, headers = [], patch } = call;
  // From standard input: nothing of it stands in an argument list.
  const options = [
    `url = "${url}"`,
    'cacert = "/etc/kubernetes/pki/ca.crt"',
    'max-time = 10',
    'output = "/dev/null"',
    'write-out = "%{http_code}"',
    ...(as === undefined ? [] : [`cert = "${as.cert}"`, `key = "${as.key}"`]),
    ...[...headers, ...(token === undefined ? [] : [`Authorization: Bearer ${token}`])].map(
      (header) => `header = "${header}"`,
    ),
    ...(patch === undefined
      ? []
      : [
          'request = "PATCH"',
          'header = "Content-Type: application/strategic-merge-patch+json"',
          `data = "${JSON.stringify(patch).replaceAll('"', '\\"')}"`,
        ]),
  ];
  const { stdout } = await lab.on(machine, `curl -s -K - <<'CURL'\n${options.join('\n')}\nCURL\ntrue`);
  return stdout.trim();
}

const KUBELET = '/var/lib/kubelet/pki/kubelet-client-current.pem';
/** What a machine is to the API: the certificate of its kubelet. */
export const itself = { cert: KUBELET, key: KUBELET };

/** One of the credentials that a master holds. */
export const held = (name: string) => ({
  cert: `/etc/kubernetes/pki/${name}.crt`,
  key: `/etc/kubernetes/pki/${name}.key`,
});
