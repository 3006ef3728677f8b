import { sh, verbatim } from '../../src/connection/quote.ts';
import { HardwayError } from '../../src/errors.ts';
import { ask, type Site } from '../probes/site.ts';
import { kubectl } from '../resources/manifest.ts';
import { NAMESPACE } from './objects.ts';

/** "10.96.12.7:80" */
export const addressOf = async (site: Site): Promise<string> =>
  (
    await ask(
      site,
      'asking for the page’s Service',
      sh`${kubectl} get service front --namespace ${NAMESPACE} --request-timeout=10s -o jsonpath='{.spec.clusterIP}:{.spec.ports[0].port}'`,
    )
  ).trim();

/** Seconds until a page that has just come up is found under its address. */
const PATIENCE = 15;

/** Opens the page through its address, from the master; returns which visitor it counted. */
export async function visit(site: Site, address: string, host = address): Promise<number> {
  const [ip = '', port = ''] = address.split(':');
  const request = `GET / HTTP/1.1\\r\\nHost: ${host}\\r\\nConnection: close\\r\\n\\r\\n`;
  const script = sh`limit=${PATIENCE}
end=$(( $(date +%s) + limit ))
while :; do
  page=$(timeout 6 bash -c 'exec 3<>/dev/tcp/$0/$1; printf "%b" "$2" >&3; cat <&3' ${ip} ${port} ${request} 2>&1)
  number=$(echo "$page" | sed -n 's/.*id="visitor">\\([0-9]*\\)<.*/\\1/p')
  [ -n "$number" ] && break
  [ "$(date +%s)" -ge "$end" ] && { echo "$page" | tail -n 3 | cut -c1-300; exit 9; }
  sleep 0.3
done
echo "visitor=$number"`;
  const result = await site.connection.run(script, { limit: PATIENCE + 20, signal: site.signal });
  const number = /^visitor=(\d+)$/m.exec(result.stdout)?.[1];
  if (number === undefined) throw await failed(site, `the page at ${host} does not open`, result.stdout);
  return Number(number);
}

/** The step that failed, with what the cluster says of its pods: looked up before anything is taken away. */
export async function failed(site: Site, what: string, said = ''): Promise<HardwayError> {
  const script = sh`${kubectl} get pods --namespace ${NAMESPACE} --request-timeout=10s -o wide 2>&1
${kubectl} get events --namespace ${NAMESPACE} --request-timeout=10s --sort-by=.lastTimestamp -o jsonpath='{range .items[?(@.type=="Warning")]}{.involvedObject.kind} {.involvedObject.name}: {.message}{"\\n"}{end}' 2>&1 | tail -n 5
${verbatim(logs)}`;
  const { stdout } = await site.connection.run(script, { limit: 40 });
  return new HardwayError('DEMO', what, {
    evidence: `${said}\n${stdout}`.split('\n').filter((line) => line.trim() !== ''),
    remedy: 'hardway verify tells which part of the cluster does not do what it should.',
  });
}

const logs = sh`${kubectl} logs --namespace ${NAMESPACE} --selector=demo --tail=3 --prefix --request-timeout=5s 2>&1 | tail -n 6`;
