import { parse } from 'yaml';

/** JSON or YAML that came from a machine; null when it is neither. */
export function parsed(text: string): unknown {
  try {
    return text.startsWith('{') || text.startsWith('[')
      ? (JSON.parse(text) as unknown)
      : (parse(text, { maxAliasCount: 0, logLevel: 'silent' }) as unknown);
  } catch {
    return null;
  }
}
