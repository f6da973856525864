import { AppError } from '../../../domain/errors.ts';
import type { FileWrite } from '../../../ports/ports.ts';
import { pathText } from '../path-text.ts';
import type { TreeEntry } from '../tree.ts';
import type { ObjectRepo } from './object-repo.ts';
import { formatTree, isFolder, parseTree, type TreeItem } from './tree-object.ts';

/** All leaves of a tree, in path order. */
export async function listTree(repo: ObjectRepo, tree: string, prefix = ''): Promise<TreeEntry[]> {
  const entries: TreeEntry[] = [];
  for (const item of parseTree(await repo.objects.readAs('tree', tree))) {
    const path = prefix + pathText(item.name);
    if (isFolder(item)) entries.push(...(await listTree(repo, item.id, `${path}/`)));
    else entries.push({ path, mode: item.mode, id: item.id });
  }
  return entries;
}

/** The leaves of a tree that have these paths; folders that lead to none are not looked into. */
export async function findLeaves(
  repo: ObjectRepo,
  tree: string,
  paths: readonly string[],
  prefix = '',
): Promise<TreeEntry[]> {
  const wanted = new Set(paths);
  const folders = new Set(paths.map((path) => path.slice(0, path.indexOf('/', prefix.length) + 1)));
  const entries: TreeEntry[] = [];
  for (const item of parseTree(await repo.objects.readAs('tree', tree))) {
    const path = prefix + pathText(item.name);
    const folder = `${path}/`;
    if (!isFolder(item)) {
      if (wanted.has(path)) entries.push({ path, mode: item.mode, id: item.id });
    } else if (folders.has(folder)) {
      const inside = paths.filter((one) => one.startsWith(folder));
      entries.push(...(await findLeaves(repo, item.id, inside, folder)));
    }
  }
  return entries;
}

/**
 * Writes the changed blobs and the trees above them; everything else is taken over by its id.
 * @param files regular files of the tree
 * @returns the id of the new tree
 */
export async function rewriteTree(
  repo: ObjectRepo,
  tree: string,
  files: readonly FileWrite[],
): Promise<string> {
  return rewriteFolder(
    repo,
    tree,
    files.map((file) => ({ ...file, rest: file.path.split('/') })),
  );
}

type PendingFile = FileWrite & { readonly rest: readonly string[] };

async function rewriteFolder(
  repo: ObjectRepo,
  tree: string,
  files: readonly PendingFile[],
): Promise<string> {
  const items = parseTree(await repo.objects.readAs('tree', tree));
  const byName = new Map(items.map((item, index) => [pathText(item.name), index]));
  for (const [name, inside] of groupByFirst(files)) {
    const index = byName.get(name);
    const item = index === undefined ? undefined : items[index];
    if (index === undefined || item === undefined) throw notInTree(name);
    items[index] = { ...item, id: await rewriteItem(repo, item, inside) };
  }
  return repo.write('tree', formatTree(items));
}

async function rewriteItem(
  repo: ObjectRepo,
  item: TreeItem,
  files: readonly PendingFile[],
): Promise<string> {
  const leaf = files.find(({ rest }) => rest.length === 1);
  if (leaf !== undefined) return repo.write('blob', leaf.bytes);
  const deeper = files.map((file) => ({ ...file, rest: file.rest.slice(1) }));
  return rewriteFolder(repo, item.id, deeper);
}

function groupByFirst(files: readonly PendingFile[]): Map<string, PendingFile[]> {
  const groups = new Map<string, PendingFile[]>();
  for (const file of files) {
    const name = file.rest[0] ?? '';
    groups.set(name, [...(groups.get(name) ?? []), file]);
  }
  return groups;
}

/** Not to be: the files were found in a listing of the same tree. */
function notInTree(name: string): AppError {
  return new AppError('git/store', `a tree in the local Git store lacks ${name}`);
}
