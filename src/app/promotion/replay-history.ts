import type { PolicyKey } from '../../domain/manifest/image-field.ts';
import type { ImageSlot } from '../../domain/plan/image-slot.ts';
import { arrivalTimes } from '../../domain/promotion/arrival-times.ts';
import {
  imagesOf,
  MAX_MOMENTS,
  type Moment,
  type Timeline,
} from '../../domain/promotion/timeline.ts';
import type { FileChange, LoggedCommit } from '../../ports/ports.ts';
import { slotsInHistory, type SlotQuery } from '../read/slots-in-history.ts';

/** How far back the locations of a policy are followed. */
const MAX_COMMITS = 1_000;

/** Commits beyond those that matter, so that one that was dated back is known by those before it. */
const FURTHER_COMMITS = 8;

/** What is to be found out. */
export interface ReplayQuery extends SlotQuery {
  /** Commit that the slots are of. */
  readonly head: string;
  /** A commit beyond which nothing is of interest. */
  readonly until?: string | undefined;
  /** The locations of each policy as they are. */
  readonly slots: ReadonlyMap<PolicyKey, readonly ImageSlot[]>;
  /** Nobody wants to know more than whether an image was there for so long. */
  readonly soakMs: number;
  readonly now: Date;
}

/**
 * What the locations of policies held in the past, as the branch's history tells: since when they hold what they
 * do, and what was before, back to something that was there for long enough. It ends where a location
 * that is there now was not.
 */
export async function replayHistory(
  query: ReplayQuery,
  signal: AbortSignal,
): Promise<ReadonlyMap<PolicyKey, Timeline>> {
  const replays = [...query.slots].map(([policy, slots]) => new Replay(policy, slots, query));
  const chain = await branchCommits(query, signal);
  const arrivals = arrivalTimes(
    chain.map(({ time }) => time),
    query.now,
  );
  for (const [index, commit] of chain.entries()) {
    const since = arrivals[index] ?? query.now;
    const [parent] = commit.parents;
    const isLast = index === chain.length - 1 || parent === undefined || commit.id === query.until;
    for (const replay of replays) replay.wasThere(since, isLast);
    const open = replays.filter(({ isOver }) => !isOver);
    if (open.length === 0 || parent === undefined) break;
    const changes = await query.history.changes({ before: parent, after: commit.id }, signal);
    for (const replay of open) await replay.goBack({ parent, since, changes }, signal);
  }
  return new Map(replays.map(({ policy, timeline }) => [policy, timeline]));
}

/** What the branch was at, the latest first: of a merge, what was merged came with it. */
async function branchCommits(
  { history, head, until, now, soakMs }: ReplayQuery,
  signal: AbortSignal,
): Promise<readonly LoggedCommit[]> {
  // Before an image that soaks now there may be one that has soaked.
  const horizon = now.getTime() - 2 * soakMs;
  const met = new Map<string, LoggedCommit>();
  const chain: LoggedCommit[] = [];
  let next: string | undefined = head;
  let further = 0;
  for await (const commit of history.log(head, MAX_COMMITS, signal)) {
    met.set(commit.id, commit);
    for (let found = met.get(next); found !== undefined; found = met.get(next)) {
      chain.push(found);
      further = found.time.getTime() < horizon ? further + 1 : 0;
      next = found.parents[0];
      if (next === undefined || found.id === until || further > FURTHER_COMMITS) return chain;
    }
  }
  return chain;
}

/** A commit on the way back. */
interface Step {
  readonly parent: string;
  readonly since: Date;
  readonly changes: readonly FileChange[];
}

/** The way back of one policy's locations. */
class Replay {
  readonly policy: PolicyKey;
  isOver = false;
  readonly #query: ReplayQuery;
  /** The locations by file, as they were at the commit that the walk is at. */
  #files: ReadonlyMap<string, readonly ImageSlot[]>;
  /** The latest first. */
  readonly #moments: Moment[] = [];
  /** When what they hold there was changed. */
  #until: Date;

  constructor(policy: PolicyKey, slots: readonly ImageSlot[], query: ReplayQuery) {
    this.policy = policy;
    this.#query = query;
    this.#files = byFile(slots);
    this.#until = query.now;
  }

  get timeline(): Timeline {
    return this.#moments.toReversed();
  }

  /** What is held was held at this time already. @param isLast nothing earlier is known */
  wasThere(time: Date, isLast: boolean): void {
    if (this.isOver) return;
    const hasSoaked = this.#until.getTime() - time.getTime() >= this.#query.soakMs;
    const [image = '', ...others] = this.#images();
    // Which of two digests is the older, only what was before tells.
    const isOrdered = others.length === 0 && !image.includes('@');
    if (isLast || (hasSoaked && isOrdered)) this.#end(time);
  }

  /** Goes back over a commit. */
  async goBack({ parent, since, changes }: Step, signal: AbortSignal): Promise<void> {
    const files = new Map(this.#files);
    for (const { path, before: id } of changes) {
      if (!files.has(path)) continue;
      const all = await slotsInHistory(this.#query, { commit: parent, path, id }, signal);
      const own = (all ?? []).filter(({ policy }) => policy === this.policy);
      if (own.length === 0) {
        this.#end(since);
        return;
      }
      files.set(path, own);
    }
    const images = this.#images();
    this.#files = files;
    if (JSON.stringify(images) === JSON.stringify(this.#images())) return;
    this.#moments.push({ since, images });
    this.#until = since;
    this.isOver = this.#moments.length >= MAX_MOMENTS;
  }

  #images(): readonly string[] {
    return imagesOf([...this.#files.values()].flat());
  }

  #end(since: Date): void {
    this.#moments.push({ since, images: this.#images() });
    this.isOver = true;
  }
}

function byFile(slots: readonly ImageSlot[]): ReadonlyMap<string, readonly ImageSlot[]> {
  const files = new Map<string, ImageSlot[]>();
  for (const slot of slots) {
    const { path } = slot.fields[0].at;
    const ofFile = files.get(path);
    if (ofFile === undefined) files.set(path, [slot]);
    else ofFile.push(slot);
  }
  return files;
}
