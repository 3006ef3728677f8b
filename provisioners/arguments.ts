/** The unit with these flags: in place of those it has, or after them. Values arrive exactly as they are written. */
export function withArguments(unit: string, flags: Readonly<Record<string, string>> = {}): string {
  return Object.entries(flags).reduce((text, [name, value]) => {
    const line = `  --${name}=${quoted(value)}`;
    const own = new RegExp(`^  --${name}=.*?( \\\\)?$`, 'm');
    if (own.test(text)) return text.replace(own, (_, more: string | undefined) => line + (more ?? ''));
    return text.replace(/^ExecStart=\S+/m, (start) => `${start} \\\n${line}`);
  }, unit);
}

/** systemd expands $ and %, and cuts at blanks; see systemd.service(5), "Command lines". */
const quoted = (value: string): string =>
  /^[A-Za-z0-9_.,:=\/+*@-]+$/.test(value)
    ? value
    : `"${value.replaceAll(/["\\]/g, '\\$&').replaceAll('%', '%%').replaceAll('$', '$$$$')}"`;
