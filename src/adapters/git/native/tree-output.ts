import { splitPaths } from '../path-text.ts';
import type { TreeDifference, TreeEntry } from '../tree.ts';

/** Stands for the mode of a file that is not there. */
const NO_FILE = '000000';

/** Reads what `git ls-tree -z` prints: "mode type id<TAB>path<NUL>". */
export function parseListing(output: Buffer): TreeEntry[] {
  const entries: TreeEntry[] = [];
  for (const line of splitPaths(output)) {
    const tab = line.indexOf('\t');
    if (tab < 0) continue;
    const [mode = '', , id = ''] = line.slice(0, tab).split(' ');
    entries.push({ path: line.slice(tab + 1), mode, id });
  }
  return entries;
}

/** Reads what `git diff-tree -r -z` prints: ":mode mode id id status<NUL>path<NUL>". */
export function parseDifferences(output: Buffer): TreeDifference[] {
  const fields = splitPaths(output);
  const differences: TreeDifference[] = [];
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [before = '', after = '', beforeId = '', afterId = ''] = (fields[at] ?? '')
      .slice(1)
      .split(' ');
    const leaf = (mode: string, id: string) => (mode === NO_FILE ? undefined : { mode, id });
    const path = fields[at + 1] ?? '';
    differences.push({ path, before: leaf(before, beforeId), after: leaf(after, afterId) });
  }
  return differences;
}
