import { Scalar } from 'yaml';
import { AppError } from '../errors.ts';
import type { ImageCandidate } from './image-candidate.ts';
import { parseManifest, type Manifest } from './parse-manifest.ts';
import { literalOffset, scalarContent } from './scalar-content.ts';
import { valuesImages } from './values-images.ts';
import { isBlockScalar, keyPathOf, type Entry } from './yaml-tree.ts';

/**
 * Images in YAML that is the text of a literal block scalar (`helm.values: |`). The offsets found are
 * the outer file's. Text in any other style is left alone: its lines are not the file's lines.
 */
export function embeddedValuesImages(manifest: Manifest, entry: Entry): ImageCandidate[] {
  const { node } = entry;
  if (!isBlockScalar(node) || node.type !== Scalar.BLOCK_LITERAL) return [];
  const inner = parseEmbedded(manifest.path, node.value);
  if (!inner) return [];
  const toFile = literalOffset(manifest, node, 'file');
  return inner.entries
    .flatMap((at) => valuesImages(inner, at, 'helm'))
    .flatMap((candidate) => {
      const content = scalarContent(inner, candidate.entry.node);
      if (typeof content === 'string') return [];
      const { value, span } = content;
      const start = toFile(span.start);
      const within = {
        value,
        span: { start, end: start + span.end - span.start },
        keyPath: keyPathOf(candidate.entry),
      };
      return [{ ...candidate, entry, within }];
    });
}

function parseEmbedded(path: string, text: string): Manifest | undefined {
  try {
    return parseManifest(path, text);
  } catch (error) {
    if (error instanceof AppError) return undefined;
    throw error;
  }
}
