/** Certificates that are to be made anew whatever their age. */
export interface Renewal {
  /** `<holder>/<purpose>` */
  readonly names: ReadonlySet<string>;
  /** When it was asked for, milliseconds since 1970: what was issued later is new enough. */
  readonly since: number;
}
