import type { PolicyKey } from '../../domain/manifest/image-field.ts';
import type { ImageSlot } from '../../domain/plan/image-slot.ts';
import { arrivalTimes } from '../../domain/promotion/arrival-times.ts';
import {
  imagesOf,
  MAX_MOMENTS,
  type Moment,
  type Timeline,
} from '../../domain/promotion/timeline.ts';
import type { CheckoutHistory, FileChange, LoggedCommit } from '../../ports/history.ts';
import { slotsInHistory, type SlotQuery } from '../read/slots-in-history.ts';

/** How far back the locations of a policy are followed. */
const MAX_COMMITS = 1_000;

/** Commits beyond those that matter, so that one that was dated back is known by those before it. */
const FURTHER_COMMITS = 8;

/** What is to be found out. */
export interface ReplayQuery extends SlotQuery {
  /** Commit that the slots are of, but for what is not committed. */
  readonly head: string;
  readonly uncommitted?: CheckoutHistory['uncommitted'] | undefined;
  /** A commit beyond which nothing is of interest. */
  readonly until?: string | undefined;
  /** The locations of each policy as they are. */
  readonly slots: ReadonlyMap<PolicyKey, readonly ImageSlot[]>;
  /** Nobody wants to know more than whether an image was there for so long. */
  readonly soakMs: number;
  readonly now: Date;
}

/** What history tells. */
export interface Replayed {
  readonly timelines: ReadonlyMap<PolicyKey, Timeline>;
  /** More was wanted than there is: history is cut off here, as that of a shallow clone. */
  readonly cutAt?: Date;
}

/**
 * What the locations of policies held in the past, as the branch's history tells: since when they hold what they
 * do, and what was before, back to something that was there for long enough. It ends where a location
 * that is there now was not.
 */
export async function replayHistory(query: ReplayQuery, signal: AbortSignal): Promise<Replayed> {
  const replays = [...query.slots].map(([policy, slots]) => new Replay(policy, slots, query));
  const { now, history } = query;
  await leaveUncommitted(replays, query, signal);
  const { commits, isCut } = await branchCommits(query, signal);
  const arrivals = arrivalTimes(
    commits.map(({ time }) => time),
    now,
  );
  let cutAt: Date | undefined;
  for (const [index, commit] of commits.entries()) {
    const since = arrivals[index] ?? now;
    for (const replay of replays) replay.wasThere(since);
    const open = replays.filter(({ isOver }) => !isOver);
    if (open.length === 0) break;
    const [parent] = commit.parents;
    if (parent === undefined || index === commits.length - 1) {
      for (const replay of open) replay.end(since);
      if (isCut) cutAt = since;
      break;
    }
    const changes = await history.changes({ before: parent, after: commit.id }, signal);
    for (const replay of open) await replay.goBack({ parent, since, changes }, signal);
  }
  const timelines = new Map(replays.map(({ policy, timeline }) => [policy, timeline]));
  return cutAt === undefined ? { timelines } : { timelines, cutAt };
}

/** What is not committed is there since now. */
async function leaveUncommitted(
  replays: readonly Replay[],
  { slots, head: parent, now: since, uncommitted }: ReplayQuery,
  signal: AbortSignal,
): Promise<void> {
  if (uncommitted === undefined) return;
  const paths = [...byFile([...slots.values()].flat()).keys()];
  const changes = await uncommitted(paths, signal);
  for (const replay of replays) await replay.goBack({ parent, since, changes }, signal);
}

/** What the branch was at, the latest first: of a merge, what was merged came with it. */
async function branchCommits(
  { history, head, until, now, soakMs }: ReplayQuery,
  signal: AbortSignal,
): Promise<{ readonly commits: readonly LoggedCommit[]; readonly isCut: boolean }> {
  // Before an image that soaks now there may be one that has soaked.
  const horizon = now.getTime() - 2 * soakMs;
  const met = new Map<string, LoggedCommit>();
  const commits: LoggedCommit[] = [];
  let next: string | undefined = head;
  let further = 0;
  for await (const commit of history.log(head, MAX_COMMITS, signal)) {
    met.set(commit.id, commit);
    for (let found = met.get(next); found !== undefined; found = met.get(next)) {
      commits.push(found);
      further = found.time.getTime() < horizon ? further + 1 : 0;
      next = found.parents[0];
      if (next === undefined || found.id === until || further > FURTHER_COMMITS) {
        return { commits, isCut: found.isCutOff === true };
      }
    }
  }
  return { commits, isCut: met.size < MAX_COMMITS };
}

/** A commit on the way back. */
interface Step {
  readonly parent: string;
  readonly since: Date;
  readonly changes: readonly Omit<FileChange, 'after'>[];
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

  /** What is held was held at this time already. */
  wasThere(time: Date): void {
    if (this.isOver) return;
    const hasSoaked = this.#until.getTime() - time.getTime() >= this.#query.soakMs;
    const [image = '', ...others] = this.#images();
    // Which of two digests is the older, only what was before tells.
    const isOrdered = others.length === 0 && !image.includes('@');
    if (hasSoaked && isOrdered) this.end(time);
  }

  /** Goes back over a commit. */
  async goBack({ parent, since, changes }: Step, signal: AbortSignal): Promise<void> {
    const files = new Map(this.#files);
    for (const { path, before: id } of changes) {
      if (!files.has(path)) continue;
      const all = await slotsInHistory(this.#query, { commit: parent, path, id }, signal);
      const own = (all ?? []).filter(({ policy }) => policy === this.policy);
      if (own.length === 0) {
        this.end(since);
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

  /** Nothing earlier is known. */
  end(since: Date): void {
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
