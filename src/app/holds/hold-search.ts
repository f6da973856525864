import { toSeconds } from '../../api/conditions.ts';
import { readRecord } from '../../domain/commit-record.ts';
import type { PolicyKey } from '../../domain/manifest/image-field.ts';
import { isMovedAway, isSameTarget, type CompareTags, type Hold } from '../../domain/plan/hold.ts';
import type { ImageSlot } from '../../domain/plan/image-slot.ts';
import { heldThen } from '../../domain/plan/slot-identity.ts';
import { heldText } from '../../domain/plan/target.ts';
import type { LoggedCommit } from '../../ports/history.ts';
import { slotsInHistory, type SlotQuery } from '../read/slots-in-history.ts';

/** How far back our own last word on a field is looked for. */
const MAX_COMMITS = 1_000;
const MAX_AGE_MS = 90 * 24 * 60 * 60 * 1_000;

/** How many commits after ours are looked through for the one that moved a field: for its author's name alone. */
const MAX_SUSPECTS = 200;

/** What is to be found out. */
export interface HoldQuery extends SlotQuery {
  /** Commit that the slots are of. */
  readonly head: string;
  readonly slots: readonly ImageSlot[];
  readonly compareFor: (policy: PolicyKey) => CompareTags;
  readonly now: Date;
}

/**
 * Finds the slots that somebody moved away from what we last wrote there, by what history tells: which
 * commits are ours is known by their trailers and by what they did to the files, not by their author.
 */
export async function findHolds(
  query: HoldQuery,
  signal: AbortSignal,
): Promise<ReadonlyMap<ImageSlot, Hold>> {
  const search = new HoldSearch(query, signal);
  await search.run();
  return search.holds;
}

/** A slot's value before and after a commit that changed its file. */
interface Step {
  readonly slot: ImageSlot;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

class HoldSearch {
  readonly holds = new Map<ImageSlot, Hold>();
  readonly #query: HoldQuery;
  readonly #signal: AbortSignal;
  /** Slots whose last commit of ours has not been met yet. */
  readonly #open: Set<ImageSlot>;
  /** Commits that were met so far, the newest first. */
  readonly #met: LoggedCommit[] = [];

  constructor(query: HoldQuery, signal: AbortSignal) {
    this.#query = query;
    this.#signal = signal;
    this.#open = new Set(query.slots);
  }

  async run(): Promise<void> {
    const { history, head, now } = this.#query;
    const oldest = now.getTime() - MAX_AGE_MS;
    if (this.#open.size === 0) return;
    for await (const commit of history.log(head, MAX_COMMITS, this.#signal)) {
      if (commit.time.getTime() < oldest) return;
      await this.#look(commit);
      if (this.#open.size === 0) return;
      this.#met.push(commit);
    }
  }

  async #look(commit: LoggedCommit): Promise<void> {
    const { steps, releases } = readRecord(commit.message);
    for (const slot of this.#open) {
      const isReleased = releases.some(
        ({ policy, place }) => policy === slot.policy && place === pathOf(slot),
      );
      if (isReleased) this.#open.delete(slot);
    }
    const concerned = [...this.#open].filter((slot) =>
      steps.some(({ policy }) => policy === slot.policy),
    );
    for (const { slot, before, after } of await this.#stepsOf(commit, concerned)) {
      // A revert may quote our message; it does not do what that says.
      const isOurs = steps.some(
        ({ policy, to }) =>
          policy === slot.policy && after !== undefined && isSameTarget(to, after),
      );
      if (!isOurs || after === undefined || before === after) continue;
      this.#open.delete(slot);
      const compare = this.#query.compareFor(slot.policy);
      if (!isMovedAway(after, heldText(slot), compare)) continue;
      this.holds.set(slot, { rejected: after, ...(await this.#moverOf(slot)) });
    }
  }

  /** Who gave the slot its present value, and in which commit: rather the commit itself than a merge of it. */
  async #moverOf(slot: ImageSlot): Promise<Pick<Hold, 'by' | 'time' | 'commit'>> {
    const suspects = this.#met.slice(0, MAX_SUSPECTS);
    const [merges, others] = [true, false].map((isMerge) =>
      suspects.filter(({ parents }) => parents.length > 1 === isMerge),
    );
    for (const commit of [...(others ?? []), ...(merges ?? [])]) {
      const [step] = await this.#stepsOf(commit, [slot]);
      if (step === undefined || step.before === step.after) continue;
      if (step.after !== heldText(slot)) continue;
      const { name, email } = commit.author;
      return { by: `${name} <${email}>`, time: toSeconds(commit.time), commit: commit.id };
    }
    return {};
  }

  /** What a commit did to slots, as far as it changed their files. */
  async #stepsOf(commit: LoggedCommit, slots: readonly ImageSlot[]): Promise<readonly Step[]> {
    const [parent] = commit.parents;
    if (parent === undefined || slots.length === 0) return [];
    const { history } = this.#query;
    const changes = await history.changes({ before: parent, after: commit.id }, this.#signal);
    const steps: Step[] = [];
    for (const change of changes) {
      const ofFile = slots.filter((slot) => pathOf(slot) === change.path);
      if (ofFile.length === 0) continue;
      const { path } = change;
      const file = (of: string, id: string | undefined) =>
        slotsInHistory(this.#query, { commit: of, path, id }, this.#signal);
      const before = (await file(parent, change.before)) ?? [];
      const after = (await file(commit.id, change.after)) ?? [];
      steps.push(
        ...ofFile.map((slot) => ({
          slot,
          before: heldThen(slot, before),
          after: heldThen(slot, after),
        })),
      );
    }
    return steps;
  }
}

function pathOf({ fields: [{ at }] }: ImageSlot): string {
  return at.path;
}
