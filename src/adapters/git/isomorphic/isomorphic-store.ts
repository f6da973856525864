import { join } from 'node:path';
import { BranchPlaces } from '../branch-places.ts';
import { SerialQueue } from '../serial-queue.ts';
import type { StoreFolder } from '../store-folder.ts';
import { ObjectRepo } from './object-repo.ts';

/** Beyond so many packs of commits, one fresh fetch is cheaper than looking through them. */
const MAX_HISTORY_PACKS = 50;

/** The objects of one remote on disk, in bare repos. What is in them can be fetched again. */
export class IsomorphicStore {
  /** Commits with trees and blobs. */
  readonly whole: ObjectRepo;
  /** Commits with trees, and of their blobs those that were asked for. */
  readonly trees: ObjectRepo;
  /** Commits alone. */
  readonly history: ObjectRepo;
  /** Fetches take turns, so that one commit is not fetched twice. */
  readonly writes = new SerialQueue();
  readonly places: BranchPlaces<ObjectRepo>;
  readonly #folder: StoreFolder;

  private constructor(folder: StoreFolder) {
    this.#folder = folder;
    const repo = (name: string) => new ObjectRepo(join(folder.path, name));
    [this.whole, this.trees, this.history] = [repo('repo'), repo('trees'), repo('history')];
    this.places = new BranchPlaces(this);
  }

  /** Opens the store in a folder that this process holds; leftovers of a killed run are removed. */
  static async open(folder: StoreFolder): Promise<IsomorphicStore> {
    const store = new IsomorphicStore(folder);
    for (const repo of [store.whole, store.trees, store.history]) await repo.resume();
    await store.whole.create();
    return store;
  }

  /** Takes in a pack of commits without their trees. */
  async addHistory(pack: Buffer): Promise<void> {
    const { history } = this;
    if ((await history.countPacks()) > MAX_HISTORY_PACKS) await history.renew();
    else await history.create();
    await history.addPack(pack);
  }

  /** Throws everything away and starts afresh. */
  async renew(): Promise<void> {
    await this.history.remove();
    await this.trees.remove();
    await this.whole.renew();
  }

  async close(): Promise<void> {
    await this.#folder.release();
  }
}
