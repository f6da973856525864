import type { LoggedCommit } from '../../ports/history.ts';
import { throwIfCancelled } from '../../domain/cancellation.ts';
import { parseCommit } from './commit-object.ts';
import type { RemoteStore } from './engine.ts';

/** History is fetched in pieces: so deep at first, and so many times as deep when that did not do. */
const FIRST_DEPTH = 64;
const DEEPER = 16;

/**
 * A commit that is here and those before it, through all parents, the newest first by their committers'
 * clocks, and of one second each before its parents; where a clock was wrong, a commit still comes after
 * one of its children.
 */
export async function* walkHistory(
  store: RemoteStore,
  { from, maxCommits }: { readonly from: string; readonly maxCommits: number },
  signal: AbortSignal,
): AsyncGenerator<LoggedCommit> {
  const walk: Walk = {
    read: historyReader(store, { from, maxCommits }, signal),
    seen: new Set([from]),
    waiting: [],
  };
  const first = await walk.read(from);
  if (first !== undefined) walk.waiting.push(first);
  let given = 0;
  while (walk.waiting.length > 0) {
    const next = takeNewest(walk.waiting);
    const isPlain = next.length === 1;
    for (const commit of isPlain ? next : await byDescent(walk, next, maxCommits - given)) {
      throwIfCancelled(signal);
      yield commit;
      given += 1;
      if (given === maxCommits) return;
      // Parents are read when they are asked for: that may fetch them.
      if (isPlain)
        for (const parent of await unseenParents(walk, commit)) insertByTime(walk, parent);
    }
  }
}

/** A walk under way. */
interface Walk {
  readonly read: (id: string) => Promise<LoggedCommit | undefined>;
  /** Ids that were met, whether or not they were given out. */
  readonly seen: Set<string>;
  /** The newest first. */
  readonly waiting: LoggedCommit[];
}

/** Those of the newest second. */
function takeNewest(waiting: LoggedCommit[]): readonly LoggedCommit[] {
  const newest = waiting[0]?.time.getTime();
  const count = waiting.findIndex(({ time }) => time.getTime() !== newest);
  return waiting.splice(0, count < 0 ? waiting.length : count);
}

/** Commits of one second with what they were made on in the same second, children before parents. */
async function byDescent(
  walk: Walk,
  commits: readonly LoggedCommit[],
  limit: number,
): Promise<readonly LoggedCommit[]> {
  const ordered: LoggedCommit[] = [];
  const pending = new Map(commits.map((commit) => [commit.id, commit]));
  const from = walk.seen.size;
  const visit = async (commit: LoggedCommit): Promise<void> => {
    pending.delete(commit.id);
    for (const id of commit.parents) {
      const tied = pending.get(id);
      if (tied !== undefined) await visit(tied);
    }
    for (const parent of await unseenParents(walk, commit)) {
      const isOlder = parent.time < commit.time || walk.seen.size - from > limit;
      if (isOlder) insertByTime(walk, parent);
      else await visit(parent);
    }
    ordered.unshift(commit);
  };
  for (const commit of commits) if (pending.has(commit.id)) await visit(commit);
  return ordered;
}

async function unseenParents(
  { read, seen }: Walk,
  { parents }: LoggedCommit,
): Promise<readonly LoggedCommit[]> {
  const found: LoggedCommit[] = [];
  for (const id of parents) {
    if (seen.has(id)) continue;
    seen.add(id);
    const parent = await read(id);
    if (parent !== undefined) found.push(parent);
  }
  return found;
}

/** Reads commits, and deepens the history when one is not here; undefined: the remote has no more. */
function historyReader(
  store: RemoteStore,
  { from, maxCommits }: { readonly from: string; readonly maxCommits: number },
  signal: AbortSignal,
): (id: string) => Promise<LoggedCommit | undefined> {
  let depth = 1;
  let found = 0;
  return async (id) => {
    let content = await store.readCommit(id, signal);
    while (content === undefined && depth < maxCommits) {
      // Further than what is here from before, lest that be cut off and fetched again.
      const deeper = depth === 1 ? Math.max(FIRST_DEPTH, 2 * found) : depth * DEEPER;
      depth = Math.min(maxCommits, deeper);
      await store.obtainHistory(from, depth, signal);
      content = await store.readCommit(id, signal);
    }
    if (content === undefined) return undefined;
    found += 1;
    return parseCommit(id, content);
  };
}

function insertByTime({ waiting }: Walk, commit: LoggedCommit): void {
  const at = waiting.findIndex(({ time }) => time < commit.time);
  waiting.splice(at < 0 ? waiting.length : at, 0, commit);
}

/**
 * How deep to fetch for the changes of a commit of a history that was told. Whoever asks for one commit after another would fetch
 * one more each time: up to twice as deep is little more to be sent, and few fetches.
 * @param depth of the commit; the first has 1
 * @param told how many commits were told of
 */
export function depthToFetch(depth: number, told: number): number {
  return Math.min(2 ** Math.ceil(Math.log2(depth + 1)), told + 1);
}
