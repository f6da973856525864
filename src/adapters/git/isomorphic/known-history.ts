import { parseCommit } from '../commit-object.ts';
import type { ObjectRepo } from './object-repo.ts';

/** So many commits are looked through; what is beyond may be sent again. */
const MAX_COMMITS = 5_000;

/** What a fetch may build on: what these commits hold is not sent again. */
export interface KnownHistory {
  /** Commits that are here, with all that is before them down to those of `shallow`. */
  readonly have: readonly string[];
  /** Commits that are here without (all of) their parents. */
  readonly shallow: readonly string[];
}

/**
 * Where the history that is here ends.
 * @param from commits to begin at, by default what is known to be here; those that are not are left out
 */
export async function knownHistory(repo: ObjectRepo, from = repo.known): Promise<KnownHistory> {
  const found = new Map<string, boolean>();
  const shallow: string[] = [];
  const isHere = async (id: string): Promise<boolean> => {
    const known = found.get(id) ?? (await repo.readIfPresent(id)) !== undefined;
    found.set(id, known);
    return known;
  };
  const have: string[] = [];
  for (const id of from) if (await isHere(id)) have.push(id);
  const seen = new Set(have);
  // A set goes on to what is added on the way.
  for (const id of seen) {
    const { parents } = parseCommit(id, await repo.objects.readAs('commit', id));
    const here = await Promise.all(parents.map(isHere));
    const next = parents.filter((parent, index) => here[index] === true && !seen.has(parent));
    if (here.includes(false) || seen.size + next.length > MAX_COMMITS) shallow.push(id);
    else for (const parent of next) seen.add(parent);
  }
  return { have, shallow };
}
