/** Arithmetic on IPv4 ranges ("10.96.0.0/16") and addresses. Throws on text that is neither. */
import ipaddr from 'ipaddr.js';

export interface Range {
  readonly text: string;
  /** Prefix length: 16 for a /16. */
  readonly prefix: number;
  /** First and last address as numbers. */
  readonly first: number;
  readonly last: number;
}

export function parseRange(text: string): Range {
  const [address, prefix] = ipaddr.IPv4.parseCIDR(text);
  const size = 2 ** (32 - prefix);
  const number = toNumber(address.toString());
  const first = number - (number % size);
  return { text, prefix, first, last: first + size - 1 };
}

/** How many addresses it holds, network and broadcast included. */
export function size(range: Range): number {
  return range.last - range.first + 1;
}

/** The range with the bits behind the prefix cleared: "10.96.3.0/16" becomes "10.96.0.0/16". */
export function withoutHostBits(range: Range): string {
  return `${toAddress(range.first)}/${range.prefix}`;
}

export function overlaps(one: Range, other: Range): boolean {
  return one.first <= other.last && other.first <= one.last;
}

export function contains(range: Range, address: string): boolean {
  const number = toNumber(address);
  return range.first <= number && number <= range.last;
}

/** The address with this number in the range; 0 is the network itself. */
export function nth(range: Range, index: number): string {
  return toAddress(range.first + index);
}

/** The address so many further on. */
export function plus(address: string, distance: number): string {
  return toAddress(toNumber(address) + distance);
}

/** "10.96.0.0/16 (10.96.0.0 to 10.96.255.255)" */
export function span(range: Range): string {
  return `${range.text} (${toAddress(range.first)} to ${toAddress(range.last)})`;
}

/** Four decimal octets. */
export function isAddress(text: string): boolean {
  return ipaddr.IPv4.isValidFourPartDecimal(text);
}

/** Digits and dots only, yet no address: "10.0.0.300". */
export function isBrokenAddress(text: string): boolean {
  return /^[0-9.]+$/.test(text) && !isAddress(text);
}

export function toNumber(address: string): number {
  return ipaddr.IPv4.parse(address)
    .toByteArray()
    .reduce((number, octet) => number * 256 + octet, 0);
}

function toAddress(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');
}
