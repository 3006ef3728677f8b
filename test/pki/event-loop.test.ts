import { monitorEventLoopDelay } from 'node:perf_hooks';
import { expect, it } from 'vitest';
import { newKey } from '../../src/pki/keys.ts';
import { silenceSeconds } from '../../src/connection/ssh-faults.ts';

it('many keys at once leave the event loop to the keepalives of other machines', async () => {
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  await Promise.all(Array.from({ length: 8 }, () => newKey('rsa')));
  delay.disable();
  expect(delay.max / 1e9).toBeLessThan(silenceSeconds / 12);
});
