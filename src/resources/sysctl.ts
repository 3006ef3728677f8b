import { sh } from '../connection/quote.ts';
import type { Batch, Resource } from '../engine/resource.ts';

const sysctls: Batch = {
  name: 'sysctl',
  script: (asks) => sh`for key in ${asks}; do echo "$key=$(sysctl -n "$key" 2>/dev/null)"; done`,
  answers: (output, asks) => {
    const values = new Map(
      output.split('\n').map((line) => [line.split('=')[0] ?? '', line.slice(line.indexOf('=') + 1)]),
    );
    return asks.map((key) => values.get(key) || null);
  },
};

/** What each key was before; whoever cleans the machine puts it back. */
const BEFORE = '/var/lib/hardway/before';

/** The running kernel's value; the file that keeps it over a reboot is a resource of its own. */
export function sysctl(key: string, value: string): Resource {
  return {
    id: `sysctl:${key}`,
    desired: { value },
    question: { batch: sysctls, ask: key, parse: (answer) => (answer === null ? null : { value: answer }) },
    steps: (now) => [
      {
        run: sh`mkdir -p ${BEFORE}
[ -e ${`${BEFORE}/${key}`} ] || sysctl -n ${key} > ${`${BEFORE}/${key}`} || rm ${`${BEFORE}/${key}`}
sysctl -q -w ${`${key}=${value}`} && exit 0
echo ${`${key} is ${String(now?.['value'] ?? 'not there')} and must be ${value}: without it the cluster cannot work`} >&2
exit 1`,
      },
    ],
  };
}
