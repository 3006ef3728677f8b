import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { newKey, newKeySync, privateKeyPem } from '../../src/pki/keys.ts';
import { HardwayError } from '../../src/errors.ts';
import type { Event, Report } from '../../src/report/event.ts';
import { ndjsonReport } from '../../src/report/ndjson.ts';
import { plainReport } from '../../src/report/plain.ts';
import { registerSecret } from '../../src/report/redact.ts';
import { newKey as newEncryptionKey } from '../../src/state/encryption-keys.ts';
import { openState } from '../../src/state/directory.ts';
import { appendToJournal } from '../../src/state/journal.ts';
import { rotateToken } from '../../src/state/token.ts';
import { runMain, workplace } from '../cli/workplace.ts';

const work = workplace();
const state = openState(`${work.folder}/.hardway`);

/** One secret of each kind, made where the product makes it; a key is recognised by a line of it. */
async function secrets(): Promise<[string, string, string][]> {
  const token = await rotateToken(state);
  const { secret } = newEncryptionKey('key1', 'secretbox');
  const password = 'pass w"rd/ü+=&7 of sudo';
  registerSecret(password);
  const [rsa, ec] = [privateKeyPem(await newKey('rsa')), privateKeyPem(newKeySync())];
  const line = (pem: string): string => pem.split('\n')[2] ?? '';
  return [
    ['the join token', token, token.slice(7)],
    ['an encryption key', secret, secret],
    ['a password', password, password],
    ['the key of an authority', rsa, line(rsa)],
    ['a key', ec, line(ec)],
  ];
}

const asBase64 = (text: string): string => Buffer.from(text).toString('base64');

/** The ways in which a secret gets into a text by mistake. */
const texts = (secret: string): string[] => [
  `before ${secret} after`,
  JSON.stringify({ deep: { secret } }),
  asBase64(secret),
  `client-key-data: ${asBase64(secret)}`,
  `before\n${secret.trim()}`,
  `https://example.org/?secret=${encodeURIComponent(secret)}`,
];

/** Whatever can be said of a secret on purpose is among these. */
const events = (text: string): Event[] => [
  { type: 'note', text },
  { type: 'warning', text, machine: 'master' },
  { type: 'wait', machine: 'master', what: text },
  { type: 'met', machine: 'master', what: text, seconds: 1 },
  { type: 'effect', machine: 'master', phase: 'p', what: text, done: true },
  { type: 'output', machine: 'master', phase: 'p', text },
  { type: 'described', keys: [{ key: 'k', was: text, is: text }] },
  { type: 'deferred', phase: 'p', reason: text, awaiting: [text] },
  { type: 'failure', message: text, evidence: [text, ...text.split('\n')], remedy: text },
  {
    ...{ type: 'change', machine: 'master', phase: 'p', resource: `file:${text}` },
    ...{
      differences: [{ key: text, now: text, wanted: text }],
      lines: [`+ ${text}`],
      why: text,
      disturbs: [text],
    },
  },
  { type: 'verdict', exitCode: 1, text, changes: 0, seconds: 0 },
];

/** The secret in any form: as it is, for URLs, and in base64 wherever that begins. */
function isIn(text: string, core: string): boolean {
  const inside = [0, 1, 2].map((offset) => asBase64(`${'x'.repeat(offset)}${core}`).slice(4, -4));
  const escaped = JSON.stringify(core).slice(1, -1);
  const forms = [core, encodeURIComponent(core), escaped, JSON.stringify(escaped).slice(1, -1), ...inside];
  return forms.some((form) => text.includes(form));
}

const sinks: [string, (write: (text: string) => void) => Report][] = [
  ...[true, false].flatMap((verbose) =>
    [true, false].map((plan): [string, (write: (text: string) => void) => Report] => [
      `the console, ${verbose ? 'verbose' : 'brief'}, ${plan ? 'planning' : 'doing'}`,
      (write) => plainReport({ write, colour: false, quiet: false, verbose, plan }),
    ]),
  ),
  ['JSON for programs', (write) => ndjsonReport(write)],
];

describe('a secret that gets into a text by mistake', async () => {
  const all = await secrets();

  it.each(sinks)('is not shown by %s', (_, sink) => {
    for (const [kind, secret, core] of all)
      for (const text of texts(secret)) {
        let said = '';
        const report = sink((more) => (said += more));
        for (const event of events(text)) report(event);
        expect([kind, isIn(said, core), said.includes('[secret]')]).toEqual([kind, false, true]);
      }
  });

  it('is not written into the journal', async () => {
    for (const [, secret] of all)
      for (const text of texts(secret))
        for (const event of events(text)) await appendToJournal(state, 'run', event);
    const journal = readFileSync(state.path('journal.ndjson'), 'utf8');
    for (const [kind, , core] of all) expect([kind, isIn(journal, core)]).toEqual([kind, false]);
    expect(journal.split('\n').length).toBeGreaterThan(200);
  });

  it.each([[[]], [['--json']]])('is not told by an error that ends the command %j', async (more) => {
    for (const [kind, secret, core] of all) {
      for (const text of texts(secret)) {
        const errors = [
          new HardwayError('X', text, { evidence: text.split('\n'), remedy: text }),
          new TypeError(text),
        ];
        for (const error of errors) {
          const product = { ...work.product, checks: () => Promise.reject(error) };
          const { code, out, err } = await runMain(product, ['verify', ...more, '--file', work.file]);
          expect([kind, code, isIn(out + err, core)]).toEqual([kind, 1, false]);
        }
      }
    }
  });

  it('is never kept in a file that others can read', () => {
    expect(existsSync(state.path('cluster-token'))).toBe(true);
    expect(openState(state.dir).repaired).toEqual([]);
  });
});
