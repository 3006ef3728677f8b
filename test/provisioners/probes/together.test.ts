import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { together } from '../../../provisioners/probes/together.ts';

it('gives what all of them came to', async () => {
  expect(await together(Promise.resolve(1), 'two')).toEqual([1, 'two']);
});

it('throws only when nothing is at work any more', async () => {
  let isOver = false;
  const long = sleep(30).then(() => (isOver = true));
  await expect(together(Promise.reject(new Error('refused')), long)).rejects.toThrow('refused');
  expect(isOver).toBe(true);
});
