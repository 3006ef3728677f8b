/** The unit with these flags: in place of those it has, or before them. Values arrive exactly as they are written. */
export function withArguments(unit: string, flags: Readonly<Record<string, string>> = {}): string {
  return Object.entries(flags).reduce((text, [name, value]) => {
    const line = `  ${quoted(`--${name}=${value}`)}`;
    const own = new RegExp(`^  --${name}=.*?( \\\\)?$`, 'm');
    if (own.test(text)) return text.replace(own, (_, more: string | undefined) => line + (more ?? ''));
    return text.replace(/^ExecStart=\S+/m, (start) => `${start} \\\n${line}`);
  }, unit);
}

/** systemd expands $ and %, and cuts at blanks; only a whole item may be quoted: see systemd.syntax(7), "Quoting". */
const quoted = (item: string): string =>
  /^[A-Za-z0-9_.,:=\/+*@-]+$/.test(item)
    ? item
    : `"${item.replaceAll(/["\\]/g, '\\$&').replaceAll('%', '%%').replaceAll('$', '$$$$')}"`;
