import { localConnection } from '../../src/connection/local.ts';
import { connectionContract } from './connection.ts';

connectionContract('local connection', async () => ({ connection: localConnection(), async end() {} }));
