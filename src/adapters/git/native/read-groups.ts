import type { NativeRepo } from './native-repo.ts';

/** Blobs are read in groups of about this many bytes, so that memory stays bounded. */
const READ_GROUP_BYTES = 4 * 1024 * 1024;
const READ_GROUP_FILES = 256;

/** Blobs of a repo in the order asked for; without the bytes of one of over `maxBytes`. */
export async function* readGroups<T extends { readonly id: string }>(
  repo: NativeRepo,
  blobs: readonly T[],
  maxBytes: number,
  signal: AbortSignal,
): AsyncGenerator<{ readonly blob: T; readonly bytes: Uint8Array | undefined }> {
  const ids = blobs.map(({ id }) => id);
  const sizes = await repo.objects.sizes(ids, signal);
  const sized = blobs.map((blob, index) => ({ blob, size: sizes[index] ?? 0 }));
  for (const group of groupBySize(sized, maxBytes)) {
    const wanted = group.filter(({ size }) => size <= maxBytes).map(({ blob }) => blob.id);
    const contents = await repo.objects.read(wanted, signal);
    const bytes = new Map(wanted.map((id, index) => [id, contents[index]]));
    for (const { blob } of group) yield { blob, bytes: bytes.get(blob.id) };
  }
}

/** Splits blobs so that each group's readable content stays within bounds; order is kept. */
function* groupBySize<T extends { readonly size: number }>(
  blobs: readonly T[],
  maxBytes: number,
): Generator<T[]> {
  let group: T[] = [];
  let bytes = 0;
  for (const blob of blobs) {
    const size = blob.size <= maxBytes ? blob.size : 0;
    if (group.length >= READ_GROUP_FILES || (group.length > 0 && bytes + size > READ_GROUP_BYTES)) {
      yield group;
      group = [];
      bytes = 0;
    }
    group.push(blob);
    bytes += size;
  }
  if (group.length > 0) yield group;
}
