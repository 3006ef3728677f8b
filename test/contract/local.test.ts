import { localConnection } from '../../src/connection/local.ts';
import { connectionContract } from './connection.ts';

const obstacle = process.getuid?.() === 0 ? null : 'giving files to other users needs root';

connectionContract('local connection', obstacle, async () => ({
  connection: localConnection(),
  async end() {},
}));
