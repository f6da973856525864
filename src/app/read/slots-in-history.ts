import type { UpdateStrategy } from '../../api/image-update-automation.ts';
import { AppError } from '../../domain/errors.ts';
import { decodeManifest, MAX_MANIFEST_BYTES } from '../../domain/manifest/decode.ts';
import type { PolicyKey } from '../../domain/manifest/image-field.ts';
import { locateFields } from '../../domain/manifest/locate-fields.ts';
import { assignFields, type ImageSlot, type OwningPolicy } from '../../domain/plan/image-slot.ts';
import type { History } from '../../ports/history.ts';

/** How slots are found in earlier versions of files: as they are found in those of now. */
export interface SlotQuery {
  readonly history: History;
  /** Whose the fields are; see {@link assignFields}. */
  readonly owners: ReadonlyMap<PolicyKey, OwningPolicy>;
  readonly byMarker?: ReadonlySet<PolicyKey> | undefined;
  readonly strategy: UpdateStrategy;
}

/**
 * The slots of a file as a commit had it.
 * @returns undefined where there was no such file, or it held no text that could be read
 */
export async function slotsInHistory(
  { history, strategy, owners, byMarker }: SlotQuery,
  {
    commit,
    path,
    id,
  }: { readonly commit: string; readonly path: string; readonly id: string | undefined },
  signal: AbortSignal,
): Promise<readonly ImageSlot[] | undefined> {
  if (id === undefined) return undefined;
  const entries = [{ path, id, kind: 'file' as const }];
  for await (const { bytes } of history.files(commit).read(entries, MAX_MANIFEST_BYTES, signal)) {
    const text = bytes === undefined ? undefined : textOf(path, bytes);
    if (text === undefined) continue;
    const { fields } = locateFields(path, text, strategy);
    return assignFields(fields, owners, new Set(owners.keys()), byMarker).slots;
  }
  return undefined;
}

/** What was no text then held nothing of ours. */
function textOf(path: string, bytes: Uint8Array): string | undefined {
  try {
    return decodeManifest(path, bytes);
  } catch (error) {
    if (error instanceof AppError) return undefined;
    throw error;
  }
}
