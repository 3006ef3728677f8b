import { $ } from '../shell.ts';

/**
 * The Debian mirror that this machine's own apt uses, for a suite or else for any suite of Debian;
 * undefined leaves the choice to debootstrap.
 */
export async function aptMirror(suite: string): Promise<string | undefined> {
  const format = '$(CODENAME) $(ORIGIN) $(COMPONENT) $(REPO_URI)';
  const targets = await $({
    nothrow: true,
  })`apt-get indextargets --format ${format} ${'Created-By: Packages'}`;
  return chooseMirror(targets.stdout, suite);
}

/** Lines of "<code name> <origin> <component> <address>". */
export function chooseMirror(lines: string, suite: string): string | undefined {
  const mirrors = lines
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([codename, origin, component]) => {
      return origin === 'Debian' && component === 'main' && !codename?.includes('-');
    });
  const [, , , address] = mirrors.find(([codename]) => codename === suite) ?? mirrors[0] ?? [];
  return address;
}
