import type { AddressInfo } from 'node:net';
import ssh2, { type ServerChannel } from 'ssh2';
import type { Connection } from '../../src/connection/connection.ts';

export interface Counts {
  connections: number;
  /** That asked for something. */
  commands: number;
}

/** One key for whoever comes, one for all machines; made for this run. */
export const newKeys = () => ({
  client: ssh2.utils.generateKeyPairSync('ed25519'),
  host: ssh2.utils.generateKeyPairSync('ed25519'),
});

/** A real SSH server for one machine, on a port that the system chose. */
export function serve(
  keys: ReturnType<typeof newKeys>,
  counts: Counts,
  machine: () => Connection,
): Promise<number> {
  const key = ssh2.utils.parseKey(keys.client.public);
  if (key instanceof Error) throw key;
  const server = new ssh2.Server({ hostKeys: [keys.host.private] }, (client) => {
    counts.connections += 1;
    client.on('error', () => undefined);
    client.on('authentication', (attempt) => {
      const known = attempt.method === 'publickey' && attempt.key.data.equals(key.getPublicSSH());
      if (!known) return attempt.reject(['publickey']);
      const isSigned = attempt.signature !== undefined && attempt.blob !== undefined;
      if (isSigned && key.verify(attempt.blob!, attempt.signature!, attempt.hashAlgo) !== true)
        return attempt.reject(['publickey']);
      attempt.accept();
    });
    client.on('session', (accept) => {
      accept().on('exec', (accepted, _, { command }) => {
        void answer(accepted(), command, machine(), counts);
      });
    });
  });
  server.on('connection', () => undefined);
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

async function answer(
  channel: ServerChannel,
  command: string,
  machine: Connection,
  counts: Counts,
): Promise<void> {
  const end = (code: number): void => {
    channel.exit(code);
    channel.end();
  };
  if (command.includes('hw-who')) {
    counts.commands += 1;
    channel.write('hw-who 0 root\nhw-free\n');
    return end(0);
  }
  const text = await input(channel);
  if (text === '') return end(0); // opened ahead of time and not used
  counts.commands += 1;
  const { begin, mark, body } = unframed(text);
  const { code, stdout, stderr } = await machine.run(body);
  channel.stderr.write(`${begin}\n${stderr}${mark} ${code}\n`);
  channel.write(`${begin}\n${stdout}${mark} ${code}\n`);
  end(code ?? 1);
}

/** Not by `for await`: that would close the channel for the answer too. */
function input(channel: ServerChannel): Promise<string> {
  const chunks: Buffer[] = [];
  return new Promise((resolve) => {
    channel.on('data', (chunk: Buffer) => chunks.push(chunk));
    channel.once('end', () => resolve(Buffer.concat(chunks).toString()));
  });
}

/** What framedScript put around a script. */
function unframed(text: string): { begin: string; mark: string; body: string } {
  const [, begin = ''] = /^echo (hw-begin-[0-9a-f]+);/m.exec(text) ?? [];
  const [, mark = ''] = /(hw-end-[0-9a-f]+)/.exec(text) ?? [];
  const [, body] =
    /\n\(\n:\n([\s\S]*)\n\)(?: <\/dev\/null)?(?: 9>&-)?\nhw_end \$\?\n}\nhw_main\n$/.exec(text) ?? [];
  if (body === undefined) throw new Error(`no framed script:\n${text}`);
  return { begin, mark, body };
}
