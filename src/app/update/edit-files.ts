import { AppError, findingOf, type Finding } from '../../domain/errors.ts';
import {
  decodeManifest,
  encodeManifest,
  MAX_MANIFEST_BYTES,
} from '../../domain/manifest/decode.ts';
import { applyFieldEdits } from '../../domain/manifest/edit-fields.ts';
import type { Decision } from '../../domain/plan/decide-slot.ts';
import { editsByPath } from '../../domain/plan/update-plan.ts';
import type { FileSource } from '../../ports/files.ts';
import type { FileWrite } from '../../ports/ports.ts';

/** A file's text before and after. */
export interface FileEdit {
  readonly path: string;
  readonly before: string;
  readonly after: string;
}

/** What came of applying edits. */
export interface EditedFiles {
  readonly edits: readonly FileEdit[];
  readonly findings: readonly Finding[];
  /** Files that stay as they are. */
  readonly refused: ReadonlySet<string>;
}

/** Applies the edits of decisions; a file whose edit cannot be proven is refused as a whole. */
export async function editFiles(
  source: FileSource,
  decisions: readonly Decision[],
  signal: AbortSignal,
): Promise<EditedFiles> {
  const edits = editsByPath(decisions);
  if (edits.size === 0) return { edits: [], findings: [], refused: new Set() };
  const entries = [...edits.keys()].map((path) => ({ path, kind: 'file' as const }));
  const done: FileEdit[] = [];
  const findings: Finding[] = [];
  const refused = new Set<string>();
  for await (const { entry, bytes } of source.read(entries, MAX_MANIFEST_BYTES, signal)) {
    const ofFile = edits.get(entry.path) ?? [];
    try {
      if (bytes === undefined) {
        throw new AppError('file/too-large', 'the file grew while it was being edited');
      }
      const before = decodeManifest(entry.path, bytes);
      done.push({ path: entry.path, before, after: applyFieldEdits(entry.path, before, ofFile) });
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      refused.add(entry.path);
      findings.push(findingOf(error, error.at ?? { path: entry.path }));
    }
  }
  return { edits: done, findings, refused };
}

/** The new contents of edited files, as bytes. */
export function writesOf(edits: readonly FileEdit[]): readonly FileWrite[] {
  return edits.map(({ path, after }) => ({ path, bytes: encodeManifest(after) }));
}
