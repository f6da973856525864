import { mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import git from 'isomorphic-git';
import type { CommitRepo } from '../branch-places.ts';
import { withStore } from '../store-error.ts';
import { ATOMIC_FS } from './atomic-fs.ts';
import { countPacks, isMostlyOld, mergePacks, packsOf, removeHalfPacks } from './merge-packs.ts';
import type { GitObject } from './git-object.ts';
import { ObjectFiles } from './object-files.ts';

/** Each fetch adds a pack, and each is looked through: beyond so many they are made fewer. */
const MAX_PACKS = 50;
/** Commits named to the server as known; older ones save nothing. */
const MAX_KNOWN_COMMITS = 8;

/** A bare repo that caches one remote's objects, written by isomorphic-git. What is in it can be fetched again. */
export class ObjectRepo implements CommitRepo {
  readonly objects: ObjectFiles;
  readonly #gitDir: string;
  /** Commits that are here, oldest first; the same is kept in a file. */
  #known: string[] = [];
  #isThere = false;

  constructor(gitDir: string) {
    this.#gitDir = gitDir;
    this.objects = new ObjectFiles(gitDir);
  }

  /** Takes up what an earlier process left, if it left a repo; leftovers of a killed one are removed. */
  async resume(): Promise<void> {
    this.#isThere = await exists(packsOf(this.#gitDir));
    if (!this.#isThere) return;
    await rm(this.#incoming, { recursive: true, force: true });
    await removeHalfPacks(this.#gitDir);
    const text = await readFile(this.#knownFile, 'utf8').catch(() => '');
    this.#known = text.split('\n').filter((line) => /^[0-9a-f]{40}$/.test(line));
  }

  /** Makes the repo where there is none; until then it is empty. */
  async create(): Promise<void> {
    if (!this.#isThere) await this.renew();
  }

  /** Throws everything away and starts afresh. */
  async renew(): Promise<void> {
    const draft = `${this.#gitDir}.new`;
    await withStore('start', async () => {
      await rm(draft, { recursive: true, force: true });
      await git.init({ fs: ATOMIC_FS, gitdir: draft, bare: true, defaultBranch: 'main' });
      await this.remove();
      await rename(draft, this.#gitDir);
    });
    this.#isThere = true;
  }

  /** Throws everything away. */
  async remove(): Promise<void> {
    this.#isThere = false;
    this.#known = [];
    const options = { recursive: true, force: true, maxRetries: 3 };
    await withStore('start', () => rm(this.#gitDir, options));
    this.objects.refresh();
  }

  /** Has nothing been fetched yet? */
  async isEmpty(): Promise<boolean> {
    return this.#known.length === 0;
  }

  /**
   * Is this commit here, with all that the repo has of a commit? It is with that that it arrives: a pack appears whole,
   * and of what this process writes a commit is the last.
   */
  async isComplete(commit: string): Promise<boolean> {
    if (this.#known.includes(commit)) return true;
    return (await this.readIfPresent(commit))?.type === 'commit';
  }

  /** An object, if it is here. @throws AppError `git/store` when it is damaged */
  async readIfPresent(id: string): Promise<GitObject | undefined> {
    return this.#isThere ? this.objects.readIfPresent(id) : undefined;
  }

  /** Those of these objects that are not here, each once. */
  async lacking(ids: readonly string[]): Promise<readonly string[]> {
    const lacking: string[] = [];
    for (const id of new Set(ids)) if (!(await this.objects.has(id))) lacking.push(id);
    return lacking;
  }

  /** The newest commits that were asked for, for a fetch to build on. */
  get known(): readonly string[] {
    return this.#known;
  }

  /** Makes packs fewer where there are many; where most of them is old, by starting afresh. */
  async tidy(): Promise<void> {
    if ((await countPacks(this.#gitDir)) <= MAX_PACKS) return;
    await withStore('tidy up', async () => {
      if (await isMostlyOld(this.#gitDir)) await this.renew();
      else await mergePacks(this.#gitDir, this.objects, (pack) => this.addPack(pack));
    });
  }

  /** Records that a commit is here. */
  async addKnown(commit: string): Promise<void> {
    const next = [...this.#known.filter((id) => id !== commit), commit];
    this.#known = next.slice(-MAX_KNOWN_COMMITS);
    const text = `${this.#known.join('\n')}\n`;
    await withStore('note a commit', () => ATOMIC_FS.promises.writeFile(this.#knownFile, text));
  }

  /** How many packs there are: each fetch adds one. */
  countPacks(): Promise<number> {
    return countPacks(this.#gitDir);
  }

  /** Takes in a pack. @returns its path without ending */
  addPack(pack: Buffer): Promise<string> {
    return withStore('take in a pack', () => this.#placePack(pack));
  }

  /** Its index appears last and makes it visible. */
  async #placePack(pack: Buffer): Promise<string> {
    const incoming = this.#incoming;
    await rm(incoming, { recursive: true, force: true });
    await mkdir(incoming, { recursive: true });
    const name = `pack-${pack.toString('hex', pack.length - 20)}`;
    const target = join(packsOf(this.#gitDir), name);
    await ATOMIC_FS.promises.writeFile(join(incoming, `${name}.pack`), pack);
    await git.indexPack({
      fs: ATOMIC_FS,
      dir: incoming,
      gitdir: this.#gitDir,
      filepath: `${name}.pack`,
    });
    await rename(join(incoming, `${name}.pack`), `${target}.pack`);
    await rename(join(incoming, `${name}.idx`), `${target}.idx`);
    this.objects.refresh();
    return target;
  }

  /** Writes an object. @returns its id */
  write(type: 'blob' | 'tree' | 'commit', bytes: Uint8Array): Promise<string> {
    return withStore(`write a ${type}`, () =>
      git.writeObject({
        fs: ATOMIC_FS,
        gitdir: this.#gitDir,
        type,
        format: 'content',
        object: bytes,
      }),
    );
  }

  /** Packs just these objects. */
  pack(ids: readonly string[]): Promise<Uint8Array> {
    return withStore('pack a commit', async () => {
      const { packfile } = await git.packObjects({
        fs: ATOMIC_FS,
        gitdir: this.#gitDir,
        oids: [...ids],
      });
      if (packfile === undefined) throw new Error('no pack was made');
      return packfile;
    });
  }

  get #incoming(): string {
    return join(this.#gitDir, 'incoming');
  }

  get #knownFile(): string {
    return join(this.#gitDir, 'complete');
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
