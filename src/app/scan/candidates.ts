import type { ImagePolicy } from '../../api/image-policy.ts';
import { AppError } from '../../domain/errors.ts';
import type { Ranking } from '../../domain/selection/selector.ts';
import type { Candidate } from './gates/gate.ts';
import type { RepositoryScan, RepositoryScans } from './repository-scans.ts';

/** What candidates are made from. */
export interface RankedScan {
  readonly scan: RepositoryScan;
  readonly ranking: Extract<Ranking, { kind: 'ranked' }>;
  readonly scans: RepositoryScans;
}

/** The tags of a scan that the rules of a policy allow, newest first; nothing is asked for unless a gate does. */
export function* candidatesOf(
  policy: ImagePolicy,
  { scan, ranking, scans }: RankedScan,
): Generator<Candidate> {
  for (let index = 0; ; index += 1) {
    const tag = ranking.tagAt(index);
    if (tag === undefined) return;
    yield {
      policy,
      tag,
      scan,
      digest: async (signal) =>
        (await scans.digest(policy, scan, tag, signal)) ?? missing(policy, tag),
      hasDigest: async (digest, signal) =>
        (await scans.digest(policy, scan, digest, signal)) !== null,
    };
  }
}

/** A tag that is listed and is not there is no reason to look at an older one. */
function missing({ spec: { image } }: ImagePolicy, tag: string): never {
  throw new AppError(
    'registry/not-found',
    `${image} lists the tag ${tag} and has no image of it; if that lasts, leave the tag out with filterTags.exclude`,
    { retry: true },
  );
}
