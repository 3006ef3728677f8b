import { sh } from '../../src/connection/quote.ts';
import type { Resource } from '../../src/engine/resource.ts';
import { absent } from '../../src/resources/file.ts';

/** A service of ours that is not wanted here any more, and the folder of its configuration. */
export function noUnit(name: string, folder: string): Resource {
  const path = `/etc/systemd/system/${name}.service`;
  return {
    ...absent(path),
    id: `service:${name}.service`,
    // The unit file goes last: whoever finds it finds a removal to be done.
    steps: () => [
      {
        run: sh`systemctl disable --now --quiet ${name} 2>/dev/null || true
rm -rf ${folder} ${path}
rmdir /etc/hardway 2>/dev/null || true
systemctl daemon-reload`,
      },
    ],
  };
}
