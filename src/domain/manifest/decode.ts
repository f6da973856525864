import { AppError } from '../errors.ts';

/** Largest YAML file that is parsed, in bytes. The biggest real ones that hold something of ours are bundles of some 4 MiB. */
export const MAX_MANIFEST_BYTES: number = 5 * 1024 * 1024;

/** Largest YAML file that is searched, in bytes: CRDs of a cloud's provider in one file may be larger than what is parsed. */
export const MAX_SEARCHED_BYTES: number = 32 * 1024 * 1024;

const IMAGE_POLICY = asciiBytes('$imagepolicy');
const IMAGE_KEY = asciiBytes('mage');
const LOCK_KEY = asciiBytes('lock');

/** Is this a file that may be a manifest: `*.yaml`, `*.yml`, or kustomize's `Kustomization`? */
export function isManifestPath(path: string): boolean {
  return /\.ya?ml$/.test(path) || /(^|\/)Kustomization$/.test(path);
}

/**
 * Text of a file. A byte order mark stays in the text, so that {@link encodeManifest} gives it back.
 * @throws AppError `file/too-large` above {@link MAX_MANIFEST_BYTES}, `file/not-utf8`
 */
export function decodeManifest(path: string, bytes: Uint8Array): string {
  if (bytes.length > MAX_MANIFEST_BYTES) throw tooLarge(path);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new AppError('file/not-utf8', 'not UTF-8 text; save it as UTF-8', {
      cause: error,
      at: { path },
    });
  }
}

function tooLarge(path: string): AppError {
  const limit = `${MAX_MANIFEST_BYTES / 1024 / 1024} MiB`;
  return new AppError(
    'file/too-large',
    `larger than ${limit}; not read. Split it, or leave it out with spec.update.paths`,
    { at: { path } },
  );
}

/** UTF-8 bytes of a text; the inverse of {@link decodeManifest}. */
export function encodeManifest(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Could the file hold a marker? Tells without decoding or parsing; a "yes" may be wrong, a "no" is not. */
export function mayHoldMarker(bytes: Uint8Array): boolean {
  return contains(bytes, IMAGE_POLICY);
}

/** Could the file hold an image field, marked or not? As {@link mayHoldMarker}: every shape has an `…image…` key. */
export function mayHoldImage(bytes: Uint8Array): boolean {
  return contains(bytes, IMAGE_KEY);
}

/** Could the file hold a lock on a field or a workload? As {@link mayHoldMarker}. */
export function mayHoldLock(bytes: Uint8Array): boolean {
  return contains(bytes, LOCK_KEY);
}

function asciiBytes(text: string): readonly number[] {
  return Array.from(new TextEncoder().encode(text));
}

/** `indexOf` over one byte is native and fast; only where it hits are the rest compared. */
function contains(bytes: Uint8Array, needle: readonly number[]): boolean {
  const first = needle[0] ?? 0;
  for (let at = bytes.indexOf(first); at !== -1; at = bytes.indexOf(first, at + 1)) {
    if (needle.every((byte, index) => bytes[at + index] === byte)) return true;
  }
  return false;
}
