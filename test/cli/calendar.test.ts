import { describe, expect, it } from 'vitest';
import { type Entry, firstToEnd } from '../../src/cli/calendar.ts';
import { calendarTable, left } from '../../src/cli/calendar-table.ts';

const DAY = 86_400_000;
const now = Date.parse('2026-09-01T12:00:00Z');
const entry = (machine: string, place: string, days: number, more: Partial<Entry> = {}): Entry => ({
  ...{
    machine,
    place,
    subject: 'CN=kube-apiserver',
    issuer: 'CN=kubernetes',
    serial: '01',
    fingerprint: place,
  },
  ...{ isAuthority: false, pem: '', renewal: 'up' },
  begins: new Date(now - 300 * DAY).toISOString(),
  ends: new Date(now + days * DAY).toISOString(),
  ...more,
});

describe('the calendar', () => {
  it('shows one certificate in one line, first where it is used', () => {
    const copies = [
      entry('', '.hardway/pki/master/apiserver.crt', 20, { fingerprint: 'same' }),
      entry('master', '/etc/kubernetes/pki/apiserver.crt', 20, { fingerprint: 'same' }),
      entry('', '.hardway/pki/ca.crt', 3000, { subject: 'CN=kubernetes', renewal: 'pki rotate-ca' }),
    ];
    expect(calendarTable({ entries: copies, absent: ['minion-2'] }, now)).toBe(
      [
        'EXPIRES           LEFT    CERTIFICATE        SIGNED BY      WHERE                                                 RENEWED BY',
        '2026-09-21 12:00  20 d    CN=kube-apiserver  CN=kubernetes  master: /etc/kubernetes/pki/apiserver.crt and 1 more  up',
        '2034-11-18 12:00  3000 d  CN=kubernetes      itself         here: .hardway/pki/ca.crt                             pki rotate-ca',
        '✗ minion-2 is not there: its certificates are not in the list',
      ].join('\n'),
    );
  });

  it.each([
    [-1, 'expired'],
    [90_000, '1 min'],
    [7_200_000, '2 h'],
    [3 * DAY, '3 d'],
  ])('%d ms are %s', (milliseconds, words) => expect(left(milliseconds)).toBe(words));

  it('is a problem when somebody should have renewed long ago', () => {
    expect(firstToEnd([])).toEqual({ first: null, problem: null });
    expect(firstToEnd([entry('master', '/x', 60)], now).problem).toBeNull();
    expect(firstToEnd([entry('master', '/x', 20)], now).problem).toBe(
      'the certificate of CN=kube-apiserver (master: /x) ends on 2026-09-21T12:00:00.000Z; renewed by: up',
    );
    expect(firstToEnd([entry('', '/x', -1)], now).problem).toContain('(here: /x) has expired on');
  });
});
