import { pathBytes, pathText } from '../path-text.ts';
import { SUBMODULE, type TreeDifference } from '../tree.ts';
import type { ObjectRepo } from './object-repo.ts';
import { isFolder, parseTree, type TreeItem } from './tree-object.ts';

/** Ids of the trees and blobs that `tree` has and `before` has not: what a push must send. */
export async function newObjects(
  repo: ObjectRepo,
  { before, tree }: { readonly before: string; readonly tree: string },
): Promise<string[]> {
  const ids = new Set<string>();
  await collectNew(repo, { tree, before, ids });
  return [...ids];
}

async function collectNew(
  repo: ObjectRepo,
  { tree, before, ids }: { tree: string; before: string | undefined; ids: Set<string> },
): Promise<void> {
  if (tree === before || ids.has(tree)) return;
  ids.add(tree);
  const old = await itemsByName(repo, before);
  for (const [name, item] of await itemsByName(repo, tree)) {
    const oldId = old.get(name)?.id;
    if (item.id === oldId || item.mode === SUBMODULE) continue;
    if (isFolder(item)) await collectNew(repo, { tree: item.id, before: oldId, ids });
    else ids.add(item.id);
  }
}

/** What two trees do not have alike, in path order; folders that are alike are not looked into. */
export async function diffTrees(
  repo: ObjectRepo,
  trees: { readonly before: string | undefined; readonly after: string | undefined },
  prefix = '',
): Promise<TreeDifference[]> {
  const [before, after] = [
    await itemsByName(repo, trees.before),
    await itemsByName(repo, trees.after),
  ];
  const differences: TreeDifference[] = [];
  for (const name of new Set([...before.keys(), ...after.keys()])) {
    const [old, now] = [before.get(name), after.get(name)];
    if (old?.id === now?.id && old?.mode === now?.mode) continue;
    const path = prefix + pathText(Buffer.from(name, 'latin1'));
    const leaves = { before: leafOf(old), after: leafOf(now) };
    if (leaves.before !== undefined || leaves.after !== undefined) {
      differences.push({ path, ...leaves });
    }
    const folders = { before: folderOf(old), after: folderOf(now) };
    differences.push(...(await diffTrees(repo, folders, `${path}/`)));
  }
  return prefix === '' ? differences.toSorted(byPath) : differences;
}

/** By the bytes of their names, which need not be text. */
async function itemsByName(
  repo: ObjectRepo,
  tree: string | undefined,
): Promise<Map<string, TreeItem>> {
  const items = tree === undefined ? [] : parseTree(await repo.objects.readAs('tree', tree));
  return new Map(items.map((item) => [item.name.toString('latin1'), item]));
}

function leafOf(item: TreeItem | undefined): TreeItem | undefined {
  return item === undefined || isFolder(item) ? undefined : item;
}

function folderOf(item: TreeItem | undefined): string | undefined {
  return item !== undefined && isFolder(item) ? item.id : undefined;
}

function byPath(a: TreeDifference, b: TreeDifference): number {
  return Buffer.compare(pathBytes(a.path), pathBytes(b.path));
}
