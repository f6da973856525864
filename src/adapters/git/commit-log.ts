import type { LoggedCommit } from '../../ports/ports.ts';
import { throwIfCancelled } from './cancellation.ts';
import { parseCommit } from './commit-object.ts';
import type { RemoteStore } from './engine.ts';

/** History is fetched in pieces: so deep at first, and so many times as deep when that did not do. */
const FIRST_DEPTH = 16;
const DEEPER = 4;

/**
 * A commit that is here and those before it, through all parents, the newest first by their committers'
 * clocks; where a clock was wrong, a commit still comes after one of its children.
 */
export async function* walkHistory(
  store: RemoteStore,
  { from, maxCommits }: { readonly from: string; readonly maxCommits: number },
  signal: AbortSignal,
): AsyncGenerator<LoggedCommit> {
  const read = historyReader(store, { from, maxCommits }, signal);
  const seen = new Set([from]);
  const waiting: LoggedCommit[] = [];
  const first = await read(from);
  if (first !== undefined) waiting.push(first);
  for (let given = 0; given < maxCommits; given += 1) {
    throwIfCancelled(signal);
    const commit = waiting.shift();
    if (commit === undefined) return;
    yield commit;
    if (given + 1 === maxCommits) return;
    for (const id of commit.parents) {
      if (seen.has(id)) continue;
      seen.add(id);
      const parent = await read(id);
      if (parent !== undefined) insertByTime(waiting, parent);
    }
  }
}

/** Reads commits, and deepens the history when one is not here; undefined: the remote has no more. */
function historyReader(
  store: RemoteStore,
  { from, maxCommits }: { readonly from: string; readonly maxCommits: number },
  signal: AbortSignal,
): (id: string) => Promise<LoggedCommit | undefined> {
  let depth = 1;
  return async (id) => {
    let content = await store.readCommit(id, signal);
    while (content === undefined && depth < maxCommits) {
      depth = Math.min(maxCommits, depth === 1 ? FIRST_DEPTH : depth * DEEPER);
      await store.deepen(from, depth, signal);
      content = await store.readCommit(id, signal);
    }
    return content === undefined ? undefined : parseCommit(id, content);
  };
}

function insertByTime(waiting: LoggedCommit[], commit: LoggedCommit): void {
  const at = waiting.findIndex(({ time }) => time < commit.time);
  waiting.splice(at < 0 ? waiting.length : at, 0, commit);
}
