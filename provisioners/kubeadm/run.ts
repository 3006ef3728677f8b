import { type Script, sh, verbatim } from '../../src/connection/quote.ts';
import { LOG } from './names.ts';

/** Only while kubeadm runs, in memory, for root alone: it may hold the join token and the certificate key. */
export const FILE = '/run/hardway/kubeadm.yaml';

/**
 * `kubeadm <command>` with this configuration. What it says is added to its log; the end of that is shown when it
 * fails.
 */
export const kubeadm = (command: readonly string[], configuration: string): Script => sh`(
umask 077
mkdir -p /run/hardway /var/log/hardway
trap 'rm -f ${FILE}' EXIT
cat >${FILE} <<'HARDWAY'
${verbatim(configuration.trimEnd() as Script)}
HARDWAY
echo "# kubeadm" ${command} >>${LOG}
/usr/local/bin/kubeadm ${command} ${`--config=${FILE}`} >>${LOG} 2>&1 || { tail -n 25 ${LOG}; exit 1; }
)`;

/** Seconds that one call may take. */
export const LIMIT = 300;
