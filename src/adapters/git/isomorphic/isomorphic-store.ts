import { mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import git from 'isomorphic-git';
import { SerialQueue } from '../serial-queue.ts';
import { withStore } from '../store-error.ts';
import type { StoreFolder } from '../store-folder.ts';
import { ATOMIC_FS } from './atomic-fs.ts';
import { countPacks, isMostlyOld, mergePacks, packsOf, removeHalfPacks } from './merge-packs.ts';
import { ObjectFiles } from './object-files.ts';

/** Each fetch adds a pack, and each is looked through: beyond so many they are made fewer. */
const MAX_PACKS = 50;
/** Commits named to the server as known; older ones save nothing. */
const MAX_KNOWN_COMMITS = 8;

/** A bare repo that caches one remote's objects, written by isomorphic-git. */
export class IsomorphicStore {
  /** Fetches take turns, so that one commit is not fetched twice. */
  readonly writes = new SerialQueue();
  readonly objects: ObjectFiles;
  /** Commits without their trees. Elsewhere a commit that is there tells that its trees are, too. */
  readonly history: ObjectFiles;
  readonly #folder: StoreFolder;
  readonly #gitDir: string;
  /** Commits that are here, oldest first; the same is kept in a file. */
  #known: string[] = [];

  private constructor(folder: StoreFolder) {
    this.#folder = folder;
    this.#gitDir = join(folder.path, 'repo');
    this.objects = new ObjectFiles(this.#gitDir);
    this.history = new ObjectFiles(this.#historyDir);
  }

  /** Opens the store in a folder that this process holds; leftovers of a killed run are removed. */
  static async open(folder: StoreFolder): Promise<IsomorphicStore> {
    const store = new IsomorphicStore(folder);
    if (await exists(store.#gitDir)) await store.#resume();
    else await store.renew();
    return store;
  }

  /** Throws everything away and starts afresh. */
  renew(): Promise<void> {
    return withStore('start', () => this.#create());
  }

  async #create(): Promise<void> {
    const draft = `${this.#gitDir}.new`;
    await rm(draft, { recursive: true, force: true });
    await git.init({ fs: ATOMIC_FS, gitdir: draft, bare: true, defaultBranch: 'main' });
    await rm(this.#gitDir, { recursive: true, force: true, maxRetries: 3 });
    await rename(draft, this.#gitDir);
    this.#known = [];
    this.objects.refresh();
    await this.#renewHistory();
  }

  /**
   * Are this commit's trees and blobs here? It is with them that a commit arrives: a pack appears whole,
   * and of what this process writes a commit is the last.
   */
  async isComplete(commit: string): Promise<boolean> {
    if (this.#known.includes(commit)) return true;
    return (await this.objects.readIfPresent(commit))?.type === 'commit';
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

  /** Takes in a pack of whole commits. @returns its path without ending */
  async addPack(pack: Buffer): Promise<string> {
    const path = await this.#addPack(this.#gitDir, pack);
    this.objects.refresh();
    return path;
  }

  /** Takes in a pack of commits without their trees. */
  async addHistory(pack: Buffer): Promise<void> {
    if ((await countPacks(this.#historyDir)) > MAX_PACKS) await this.#renewHistory();
    await this.#addPack(this.#historyDir, pack);
    this.history.refresh();
  }

  #addPack(folder: string, pack: Buffer): Promise<string> {
    return withStore('take in a pack', () => this.#placePack(folder, pack));
  }

  /** Its index appears last and makes it visible. */
  async #placePack(folder: string, pack: Buffer): Promise<string> {
    const incoming = join(this.#gitDir, 'incoming');
    await rm(incoming, { recursive: true, force: true });
    await mkdir(incoming, { recursive: true });
    const name = `pack-${pack.toString('hex', pack.length - 20)}`;
    const target = join(packsOf(folder), name);
    await ATOMIC_FS.promises.writeFile(join(incoming, `${name}.pack`), pack);
    await git.indexPack({
      fs: ATOMIC_FS,
      dir: incoming,
      gitdir: this.#gitDir,
      filepath: `${name}.pack`,
    });
    await rename(join(incoming, `${name}.pack`), `${target}.pack`);
    await rename(join(incoming, `${name}.idx`), `${target}.idx`);
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

  async close(): Promise<void> {
    await this.#folder.release();
  }

  async #resume(): Promise<void> {
    await rm(join(this.#gitDir, 'incoming'), { recursive: true, force: true });
    const text = await readFile(this.#knownFile, 'utf8').catch(() => '');
    this.#known = text.split('\n').filter((line) => /^[0-9a-f]{40}$/.test(line));
    await mkdir(packsOf(this.#historyDir), { recursive: true });
    for (const folder of [this.#gitDir, this.#historyDir]) await removeHalfPacks(folder);
  }

  async #renewHistory(): Promise<void> {
    await rm(this.#historyDir, { recursive: true, force: true, maxRetries: 3 });
    await mkdir(packsOf(this.#historyDir), { recursive: true });
    this.history.refresh();
  }

  get #historyDir(): string {
    return join(this.#folder.path, 'history');
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
