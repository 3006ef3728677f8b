import { type Script, sh, verbatim } from '../connection/quote.ts';
import type { Resource } from '../engine/resource.ts';
import { command } from './command.ts';

/** A service of ours that ran once and is no longer wanted, with its unit file. `before`: what it must do to go. */
export const noService = (name: string, ...before: Script[]): Resource => ({
  id: `service:${name}.service`,
  desired: null,
  question: command(sh`[ -e ${`/etc/systemd/system/${name}.service`} ] && echo there; true`, (output) =>
    output === '' ? null : { running: true },
  ),
  steps: () => [
    {
      run: sh`systemctl disable --now --quiet ${name}
${verbatim(...before)}
rm -f ${`/etc/systemd/system/${name}.service`}
systemctl daemon-reload`,
    },
  ],
});
