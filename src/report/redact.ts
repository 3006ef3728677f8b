/** The one place where secrets are taken out of everything that is shown, logged or written down. */

const replacement = '[secret]';
/** Every form of every secret, longest first, so that no part of a longer one stays behind. */
let forms: string[] = [];

/** From now on this value is never shown, in none of the forms it travels in. Called where a secret is made or read. */
export function registerSecret(value: string): void {
  const added = [value, value.trim()].flatMap(formsOf).filter((form) => form !== '');
  forms = [...new Set([...forms, ...added])].sort((a, b) => b.length - a.length);
}

/** Lines of private keys: what is left of one when it was cut into lines. */
const keyLines = new Set<string>();

/** From now on no line of this key (PEM) is shown, wherever it stands by itself. Called where a key is made or read. */
export function registerPrivateKey(pem: string): void {
  for (const line of pem.split('\n')) if (/^[A-Za-z0-9+/]{16,64}=*$/.test(line)) keyLines.add(line);
}

/** The text without any registered secret and without private keys, plain or in base64. */
export function redact(text: string): string {
  let clean = text
    .replace(pemPrivateKey, replacement)
    .replace(base64Pem, (found) =>
      Buffer.from(found.slice(0, 80), 'base64').includes('PRIVATE KEY') ? replacement : found,
    );
  clean = clean.replace(lineOfKey, (found, before: string | undefined, line: string) =>
    keyLines.has(line) ? `${before ?? ''}${replacement}` : found,
  );
  for (const form of forms) clean = clean.replaceAll(form, replacement);
  return clean;
}

/** As JSON. Each text by itself first: what is JSON already would be escaped twice, and a secret look different. */
export const redactedJson = (value: object): string =>
  redact(JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'string' ? redact(inner) : inner)));

// Also where line ends were turned into \n, as JSON does, in a URL, and where the end was cut off.
const pemPrivateKey =
  /-----BEGIN(?:[ +]|%20)(?:[A-Z]+(?:[ +]|%20))*PRIVATE(?:[ +]|%20)KEY-----[\s\S]*?(?:-----END[A-Z0-9 +%]*KEY-----|$)/g;
const lineOfKey = /(\\n)?([A-Za-z0-9+/]{16,64}={0,2})/g;
const base64Pem = /LS0tLS1CRUdJTi[A-Za-z0-9+/=\n]*/g;

function formsOf(value: string): string[] {
  return [
    value,
    JSON.stringify(value).slice(1, -1),
    encodeURIComponent(value),
    new URLSearchParams({ v: value }).toString().slice(2),
    ...base64Forms(Buffer.from(value)),
  ];
}

/** As base64 of its own, and as it looks inside the base64 of a longer text, which may begin at three offsets. */
function base64Forms(bytes: Buffer): string[] {
  const inside = [0, 1, 2].map((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    const whole = Math.floor(((offset + bytes.length) * 8) / 6);
    return encoded.slice(Math.ceil((offset * 8) / 6), whole);
  });
  const own = [bytes.toString('base64'), bytes.toString('base64url')];
  // A few characters of base64 would match everywhere.
  return [...own, ...inside.filter((form) => form.length >= 8)];
}
