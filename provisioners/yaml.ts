import { stringify } from 'yaml';

/** YAML as Kubernetes reads it: version 1.1, in which a bare y, no or on is no text. */
export const yaml = (value: object): string => stringify(value, { version: '1.1', lineWidth: 0 });
