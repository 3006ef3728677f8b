import { stringify } from 'yaml';

/** YAML as Kubernetes reads it: version 1.1, in which a bare y, no or on is no text, with 1.2's numbers (0o17). */
export const yaml = (value: object): string =>
  stringify(value, { version: '1.1', compat: 'core', lineWidth: 0 });
