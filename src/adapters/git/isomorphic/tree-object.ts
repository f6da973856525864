import { AppError } from '../../../domain/errors.ts';

/** One line of a tree object. The name stays bytes, since Git does not say how names are encoded. */
export interface TreeItem {
  /** Octal as it stands there: `100644`, `40000` … */
  readonly mode: string;
  readonly name: Buffer;
  readonly id: string;
}

/** Is it a folder? */
export function isFolder(item: TreeItem): boolean {
  return item.mode === '40000' || item.mode === '040000';
}

/** Reads a tree object: "mode name<NUL>" and twenty bytes of id, repeated. */
export function parseTree(bytes: Buffer): TreeItem[] {
  const items: TreeItem[] = [];
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(32, at);
    const end = bytes.indexOf(0, space);
    if (space < 0 || end < 0 || end + 21 > bytes.length)
      throw new AppError('git/store', 'a tree object is cut short');
    items.push({
      mode: bytes.toString('latin1', at, space),
      name: bytes.subarray(space + 1, end),
      id: bytes.toString('hex', end + 1, end + 21),
    });
    at = end + 21;
  }
  return items;
}

/** The inverse of {@link parseTree}; order and modes are kept. */
export function formatTree(items: readonly TreeItem[]): Buffer {
  return Buffer.concat(
    items.flatMap(({ mode, name, id }) => [
      Buffer.from(`${mode} `),
      name,
      Buffer.from([0]),
      Buffer.from(id, 'hex'),
    ]),
  );
}

/** The tree that a commit object names. */
export function treeOfCommit(bytes: Buffer): string {
  const id = /^tree ([0-9a-f]{40})\n/.exec(bytes.toString('latin1', 0, 46))?.[1];
  if (id === undefined) throw new AppError('git/store', 'a commit object names no tree');
  return id;
}
