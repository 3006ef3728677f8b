import { knownHosts } from '../../src/connection/known-hosts.ts';
import { sshConnection } from '../../src/connection/ssh.ts';
import { startSshd, whyNoSshd } from '../fixtures/sshd.ts';
import { connectionContract } from './connection.ts';

connectionContract('ssh connection', whyNoSshd(), async () => {
  const sshd = await startSshd();
  const connection = sshConnection({
    host: '127.0.0.1',
    port: sshd.port,
    user: 'root',
    keys: [sshd.key],
    knownHosts: knownHosts(`${sshd.dir}/known_hosts`),
  });
  return { connection, end: () => sshd.stop() };
});
