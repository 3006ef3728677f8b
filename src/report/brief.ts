/** A value in a line: of a digest the beginning is enough. */
export const brief = (value: string | number | boolean | null): string =>
  /^[0-9a-f]{64}$/.test(String(value)) ? `${String(value).slice(0, 12)}…` : String(value);
