import { stringify } from 'yaml';

const written = new Map<string, string>();

/** YAML as Kubernetes reads it: version 1.1, in which a bare y, no or on is no text, with 1.2's numbers (0o17). */
export function yaml(value: object): string {
  // Writing takes long, and most machines get the same.
  const key = JSON.stringify(value);
  const known = written.get(key);
  if (known !== undefined) return known;
  const text = stringify(value, { version: '1.1', compat: 'core', lineWidth: 0 });
  written.set(key, text);
  return text;
}
