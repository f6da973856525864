import { toSeconds } from '../../api/conditions.ts';
import {
  imagePolicyStatusSchema,
  MAX_PENDING,
  type ImagePolicyStatus,
} from '../../api/image-policy-status.ts';
import type { Choice } from '../plan/policy-view.ts';
import { waitingOf, type ImageVersion, type PassedOver } from './gate-verdict.ts';
import type { Sighting } from './minimum-age.ts';

/** What is remembered of a policy from look to look, and over restarts. */
export interface PolicyMemory {
  /** What was chosen last. */
  readonly chosen?: ImageVersion;
  /** Candidates that were seen waiting. */
  readonly sightings: readonly Sighting[];
  /** The tags as a scan found them that was acted upon; `since` is when they were first so. */
  readonly list?: KnownList;
  /** What a scan found that is not believed yet; `since` is when that was. */
  readonly doubt?: { readonly chosen?: ImageVersion; readonly list: KnownList };
  /** Was all this found by other rules than those of now? */
  readonly hasOtherRules?: true;
}

/** A list of tags, in numbers. */
export interface KnownList {
  readonly since: Date;
  readonly tagCount: number;
  readonly revision: string;
}

/** The memory of a policy whose rules have changed since: an older choice is then no surprise. */
export function underOtherRules(memory: PolicyMemory): PolicyMemory {
  return { ...memory, hasOtherRules: true };
}

/** Was a policy never looked at before? All tags that it lists then count as aged. */
export function isEmpty({ chosen, sightings, list }: PolicyMemory): boolean {
  return chosen === undefined && list === undefined && sightings.length === 0;
}

/** The part of a status that a {@link PolicyMemory} is kept in, in a cluster and in files alike. */
export const keptMemorySchema = imagePolicyStatusSchema.pick({
  latest: true,
  pending: true,
  lastScan: true,
});

/** A kept memory. */
export type KeptMemory = Pick<ImagePolicyStatus, 'latest' | 'pending' | 'lastScan'>;

/**
 * Reads a memory.
 * @param writtenName of the policy as it is now: what was remembered of another image says nothing
 * @returns undefined where nothing is remembered: the policy was never looked at
 */
export function readMemory(
  { latest, pending = [], lastScan }: KeptMemory,
  writtenName: string,
): PolicyMemory | undefined {
  const isOther = latest !== undefined && latest.image !== writtenName;
  const isBlank = latest === undefined && lastScan === undefined && pending.length === 0;
  if (isOther || isBlank) return undefined;
  return {
    ...(latest === undefined
      ? {}
      : {
          chosen: {
            tag: latest.tag,
            ...(latest.digest === undefined ? {} : { digest: latest.digest }),
          },
        }),
    sightings: pending.flatMap(({ tag, digest, firstSeen }) =>
      digest === undefined ? [] : [{ tag, digest, firstSeen: new Date(firstSeen) }],
    ),
    ...(lastScan === undefined
      ? {}
      : {
          list: {
            since: new Date(lastScan.time),
            tagCount: lastScan.tagCount,
            revision: lastScan.revision,
          },
        }),
  };
}

/** What is kept of a memory where there is no status. */
export function keptMemory(
  { chosen, sightings, list }: PolicyMemory,
  writtenName: string,
): KeptMemory {
  return {
    latest: chosen && { image: writtenName, ...chosen },
    pending: soonest(sightings).map(({ firstSeen, ...version }) => ({
      ...version,
      firstSeen: toSeconds(firstSeen),
    })),
    lastScan: list && {
      time: toSeconds(list.since),
      tagCount: list.tagCount,
      revision: list.revision,
    },
  };
}

/** Of very many waiting candidates, those that are eligible soonest. */
function soonest<T extends { readonly firstSeen: Date }>(waiting: readonly T[]): readonly T[] {
  return waiting
    .toSorted((a, b) => a.firstSeen.getTime() - b.firstSeen.getTime())
    .slice(0, MAX_PENDING);
}

/** What came of a look, as far as it is remembered. */
export interface Findings {
  readonly choice: Choice;
  readonly passedOver: readonly PassedOver[];
  /** Absent where no list was needed. */
  readonly list?: { readonly at: Date; readonly tagCount: number; readonly revision: string };
}

/** The memory after a look. A choice that is held back leaves the former one in place. */
export function nextMemory(
  before: PolicyMemory,
  { choice, passedOver, list }: Findings,
): PolicyMemory {
  const chosen = choice.kind === 'none' ? undefined : (chosenBy(choice) ?? before.chosen);
  const isSameList = list !== undefined && list.revision === before.list?.revision;
  const known = isSameList
    ? before.list
    : list && { since: list.at, tagCount: list.tagCount, revision: list.revision };
  return {
    ...(chosen === undefined ? {} : { chosen }),
    sightings: waitingOf(passedOver).flatMap(({ tag, verdict: { digest, firstSeen } }) =>
      digest === undefined ? [] : [{ tag, digest, firstSeen }],
    ),
    ...(known === undefined ? {} : { list: known }),
  };
}

function chosenBy(choice: Choice): ImageVersion | undefined {
  if (choice.kind !== 'selected') return undefined;
  const { tag, digest } = choice;
  return { tag, ...(digest === undefined ? {} : { digest }) };
}

/** What status says of waiting candidates. */
export function pendingOf(passedOver: readonly PassedOver[]): ImagePolicyStatus['pending'] {
  const waiting = waitingOf(passedOver).map(({ tag, verdict }) => ({ tag, ...verdict }));
  if (waiting.length === 0) return undefined;
  return soonest(waiting).map(({ tag, digest, firstSeen, eligibleAt }) => ({
    tag,
    ...(digest === undefined ? {} : { digest }),
    firstSeen: toSeconds(firstSeen),
    eligibleAt: toSeconds(eligibleAt),
  }));
}
