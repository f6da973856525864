import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { packOf } from './complete-pack.ts';
import type { ObjectFiles } from './object-files.ts';
import { PackReader } from './pack-reader.ts';

/** A pack file without its ending, and its size in bytes. */
interface PackFile {
  readonly path: string;
  readonly size: number;
}

/** The packs of a bare repo, the largest first. */
async function packFiles(gitDir: string): Promise<readonly PackFile[]> {
  const folder = packsOf(gitDir);
  const names = (await namesIn(folder)).filter((name) => name.endsWith('.idx'));
  const packs = await Promise.all(
    names.map(async (name) => {
      const path = join(folder, name.slice(0, -'.idx'.length));
      return { path, size: (await stat(`${path}.pack`)).size };
    }),
  );
  return packs.toSorted((a, b) => b.size - a.size);
}

/** How many packs a bare repo has. */
export async function countPacks(gitDir: string): Promise<number> {
  const names = await namesIn(packsOf(gitDir));
  return names.filter((name) => name.endsWith('.idx')).length;
}

/** Removes packs without an index, which a killed process left: nothing is read from them. */
export async function removeHalfPacks(gitDir: string): Promise<void> {
  const folder = packsOf(gitDir);
  const names = new Set(await namesIn(folder));
  for (const name of names) {
    const isHalf = name.endsWith('.pack') && !names.has(name.replace(/pack$/, 'idx'));
    if (isHalf) await rm(join(folder, name), { force: true });
  }
}

/**
 * Would a fresh fetch be the cheaper way to fewer packs? The largest pack is what the first fetch brought; once what came
 * later weighs as much, most of it is of no use any more.
 */
export async function isMostlyOld(gitDir: string): Promise<boolean> {
  const [largest, ...others] = await packFiles(gitDir);
  return others.reduce((sum, { size }) => sum + size, 0) > (largest?.size ?? 0);
}

/**
 * Makes one pack of all but the largest. They go once the new one is there: whenever this process is killed,
 * every object is in one pack at least.
 * @param add takes in the new pack, and tells its path without ending
 */
export async function mergePacks(
  gitDir: string,
  objects: ObjectFiles,
  add: (pack: Buffer) => Promise<string>,
): Promise<void> {
  const [, ...others] = await packFiles(gitDir);
  const ids = new Set<string>();
  for (const { path } of others) for (const id of (await PackReader.open(path)).ids()) ids.add(id);
  const merged = await add(await packOf(ids, (id) => objects.readWhole(id)));
  for (const { path } of others) {
    // It may be what a killed process left behind.
    if (path === merged) continue;
    for (const ending of ['.idx', '.pack']) await rm(`${path}${ending}`, { force: true });
  }
  objects.refresh();
}

/** Where a bare repo keeps its packs. */
export function packsOf(gitDir: string): string {
  return join(gitDir, 'objects', 'pack');
}

/** What is not there has no names; whoever needs it will say so. */
async function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch(() => []);
}
