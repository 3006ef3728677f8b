/**
 * The sha256 of one download out of a published proof, or undefined. Four shapes are in use: bare hex,
 * "hex  name", a list of many names, and GitHub's description of a release (JSON with a digest per asset).
 */
export function publishedSum(proof: string, name: string): string | undefined {
  const trimmed = proof.trim();
  if (trimmed.startsWith('{')) return assetDigest(trimmed, name);
  const lines = trimmed.split('\n').map((line) => line.trim().split(/\s+/));
  const [first] = lines;
  if (lines.length === 1 && first?.length === 1) return asSum(first[0]);
  // A star before the name marks binary mode; "./" and folders come from how the list was made.
  const line = lines.find(([, file]) => file?.replace(/^\*/, '').split('/').at(-1) === name);
  return asSum(line?.[0]);
}

function assetDigest(json: string, name: string): string | undefined {
  const release = JSON.parse(json) as { assets?: readonly { name?: string; digest?: string | null }[] };
  const digest = release.assets?.find((asset) => asset.name === name)?.digest;
  return asSum(digest?.replace(/^sha256:/, ''));
}

function asSum(text: string | undefined): string | undefined {
  return text !== undefined && /^[0-9a-f]{64}$/i.test(text) ? text.toLowerCase() : undefined;
}
