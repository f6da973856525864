import { releaseMessage, type HoldRelease } from '../../domain/commit-message.ts';
import { AppError } from '../../domain/errors.ts';
import type { Ports } from '../../ports/ports.ts';
import { formatLockTarget, type LockTarget } from '../locks/lock-target.ts';
import { onBranch } from '../update/branch-sessions.ts';
import { pushCommits } from '../update/push-commits.ts';
import type { RemoteTarget } from '../update/update-once.ts';
import { DEFAULT_AUTHOR } from '../update/commit-author.ts';
import { listHolds, type ListedHold } from './list-holds.ts';

/** Which holds are to be lifted, and who says so. */
export interface ReleaseRequest {
  readonly target: RemoteTarget;
  readonly place: LockTarget;
  readonly by?: string;
  readonly reason?: string;
  readonly dryRun: boolean;
}

/** What was lifted. */
export interface ReleaseOutcome {
  readonly target: string;
  readonly holds: readonly ListedHold[];
  readonly commit?: string;
}

/**
 * Lifts holds by a commit that changes no file: history tells of holds, and so it tells of their end.
 * @throws AppError `manifest/not-found` when nothing is held there
 */
export async function releaseHolds(
  ports: Ports,
  { target, place, by, reason, dryRun }: ReleaseRequest,
  signal: AbortSignal,
): Promise<ReleaseOutcome> {
  const named = formatLockTarget(place);
  return onBranch(ports, target, { dryRun, signal }, async ({ writer, context: { reader } }) => {
    const plan = async (head: string) => {
      const { branch, clock } = writer;
      const all = await listHolds({ branch, head, reader, now: clock.now() }, signal);
      const holds = all.filter((hold) => isMeant(hold, place));
      if (holds.length === 0) {
        throw new AppError(
          'manifest/not-found',
          `${named} is not held; \`lockkeeper locks\` lists what is`,
        );
      }
      const release: HoldRelease = {
        target: named,
        places: placesOf(holds),
        ...(by === undefined ? {} : { by }),
        ...(reason === undefined ? {} : { reason }),
      };
      // It changes no file: the message is all there is to say.
      const draft = { writes: [], message: releaseMessage(release), changes: [] };
      return { lines: [{ drafts: [draft] }], author: DEFAULT_AUTHOR, result: holds };
    };
    const {
      result: holds,
      commits: [made],
    } = await pushCommits(writer, plan, signal);
    return { target: named, holds, ...(made === undefined ? {} : { commit: made.id }) };
  });
}

function placesOf(holds: readonly ListedHold[]): HoldRelease['places'] {
  const places = holds.map(({ policy, path }) => [`${policy} ${path}`, { policy, path }] as const);
  return [...new Map(places).values()];
}

function isMeant({ policy, path, line, resource }: ListedHold, place: LockTarget): boolean {
  if (place.on === 'line') return path === place.path && line === place.line;
  const kind = place.kind.toLowerCase();
  const [namespace, name] = policy.split('/');
  const ids = [
    { kind: 'imagepolicy', namespace, name },
    ...(resource === undefined ? [] : [{ ...resource, kind: resource.kind.toLowerCase() }]),
  ];
  return ids.some(
    (id) =>
      id.kind === kind &&
      id.name === place.name &&
      (place.namespace === undefined || id.namespace === place.namespace),
  );
}
