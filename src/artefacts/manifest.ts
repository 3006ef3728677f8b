import { ArtefactError } from '../errors.ts';

/** Media types of the two lists of images by platform, the newer first. */
export const indexTypes = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
].join(', ');

/** Media types of the description of one image. */
export const manifestTypes = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

interface Descriptor {
  readonly digest?: string;
  readonly platform?: { readonly os?: string; readonly architecture?: string };
}

/** The sha256 of the manifest for linux on an architecture. `name` is what an error calls the index. */
export function manifestSum(index: Buffer, arch: string, name: string): string {
  const manifests = descriptors(index, 'manifests', `the index of ${name}`);
  const wanted = manifests.find(({ platform }) => platform?.os === 'linux' && platform.architecture === arch);
  if (wanted) return sumOf(wanted, name);
  throw new ArtefactError(`${name} has no image for linux/${arch}`, {
    evidence: manifests.map(({ platform }) => `it has ${platform?.os}/${platform?.architecture}`),
  });
}

/** The sha256 of each layer of an image, the lowest first. */
export function layerSums(manifest: Buffer, name: string): string[] {
  return descriptors(manifest, 'layers', `the manifest of ${name}`).map((layer) => sumOf(layer, name));
}

function descriptors(bytes: Buffer, list: 'manifests' | 'layers', what: string): readonly Descriptor[] {
  const found = parsed(bytes, what)?.[list];
  if (Array.isArray(found)) return found.filter((one) => typeof one === 'object' && one !== null);
  throw new ArtefactError(`${what} lists no ${list}`);
}

function parsed(bytes: Buffer, what: string): Readonly<Record<string, unknown>> | null {
  try {
    return JSON.parse(bytes.toString('utf8')) as Readonly<Record<string, unknown>> | null;
  } catch (error) {
    throw new ArtefactError(`${what} is not JSON`, { evidence: [String(error)] });
  }
}

/** The digest goes into an address, so nothing but a plain sha256 is let through. */
function sumOf({ digest }: Descriptor, name: string): string {
  const [, sum] = /^sha256:([0-9a-f]{64})$/.exec(String(digest)) ?? [];
  if (sum !== undefined) return sum;
  throw new ArtefactError(`${name} names a part by ${JSON.stringify(digest)}, which is no sha256`);
}
