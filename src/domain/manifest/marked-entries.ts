import { isSeq } from 'yaml';
import type { Comment, Manifest } from './parse-manifest.ts';
import { isBlockScalar, lastStartingBefore, leavesOf, spanOf, type Entry } from './yaml-tree.ts';

/**
 * Which value each comment marks: the one before it on its line, else the scalar item of a list right
 * below it. A comment that marks nothing is not in the map. A value that has a comment behind it is
 * not marked from above, as in Flux.
 */
export function markedEntries(
  manifest: Manifest,
  comments: readonly Comment[],
): ReadonlyMap<Comment, Entry> {
  const leaves = leavesOf(manifest);
  const marked = new Map<Comment, Entry>();
  const above: { comment: Comment; entry: Entry }[] = [];
  for (const comment of comments) {
    const index = lastStartingBefore(leaves, comment.start);
    const [before, after] = [leaves[index], leaves[index + 1]];
    if (before && marksFromBehind(manifest, before, comment)) {
      if (before.role === 'value') marked.set(comment, before);
    } else if (after && marksFromAbove(manifest, after, comment)) {
      above.push({ comment, entry: after });
    }
  }
  const taken = new Set(marked.values());
  for (const { comment, entry } of above) if (!taken.has(entry)) marked.set(comment, entry);
  return marked;
}

/** Nothing but closing brackets and commas may stand between a value and its marker. */
function marksFromBehind(manifest: Manifest, entry: Entry, comment: Comment): boolean {
  const { end } = spanOf(entry.node);
  // the comment behind a block scalar's header stands inside the scalar
  if (end > comment.start) return isBlockScalar(entry.node);
  return (
    /^[ \t,\]}]*$/.test(between(manifest, end, comment.start)) ||
    isEmptyMarked(manifest, entry, comment)
  );
}

/** `tag: !!str # marker`: an empty value whose place is before its tag or anchor. */
function isEmptyMarked(manifest: Manifest, entry: Entry, comment: Comment): boolean {
  const { start, end } = spanOf(entry.node);
  if (entry.role !== 'value' || start !== end) return false;
  return /^[ \t]*([!&][^\s]*[ \t]+)*$/.test(between(manifest, end, comment.start));
}

function marksFromAbove(manifest: Manifest, entry: Entry, comment: Comment): boolean {
  const lineStart = manifest.text.lastIndexOf('\n', comment.start - 1) + 1;
  if (between(manifest, lineStart, comment.start).replace('\uFEFF', '').trim() !== '') return false;
  const parent = entry.parent?.node;
  if (entry.role !== 'value' || !isSeq(parent) || parent.flow === true) return false;
  const gap = between(manifest, comment.start + comment.source.length, spanOf(entry.node).start);
  return /^\r?\n[ \t]*-[ \t]+([!&][^\s]*[ \t]+)*$/.test(gap);
}

function between(manifest: Manifest, start: number, end: number): string {
  return manifest.text.slice(start, end);
}
