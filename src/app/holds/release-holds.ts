import { releaseMessage, type HoldRelease } from '../../domain/commit-message.ts';
import { AppError, type Finding } from '../../domain/errors.ts';
import type { Resources } from '../../domain/resources/merge-resources.ts';
import type { Ports } from '../../ports/ports.ts';
import { formatLockTarget, type LockTarget } from '../locks/lock-target.ts';
import { commitToRemote, type AskedCommit, type AskedWork } from '../update/asked-commit.ts';
import { automationsAt } from '../update/command-settings.ts';
import type { RemoteTarget } from '../update/target.ts';
import { listHolds, type ListedHold } from './list-holds.ts';
import { releaseKey } from './released-places.ts';

/** Which holds are to be lifted, and who says so. */
export interface ReleaseRequest extends AskedCommit {
  readonly target: RemoteTarget;
  readonly place: LockTarget;
  readonly by?: string;
  readonly reason?: string;
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
  request: ReleaseRequest,
  signal: AbortSignal,
): Promise<ReleaseOutcome> {
  const { target, place, by, reason } = request;
  const named = formatLockTarget(place);
  const change = async ({ settings, ...work }: AskedWork) => {
    const automationsOf = (resources: Resources) => automationsAt(settings, resources, target);
    const all = await listHolds({ ...work, given: settings.given, automationsOf }, signal);
    const holds = all.holds.filter((hold) => isMeant(hold, place));
    if (holds.length === 0) throw notHeld(named, all.findings);
    const release: HoldRelease = {
      target: named,
      places: placesOf(holds),
      ...(by === undefined ? {} : { by }),
      ...(reason === undefined ? {} : { reason }),
    };
    // It changes no file: the message is all there is to say.
    return { draft: { writes: [], message: releaseMessage(release) }, result: holds };
  };
  const asked = { target, asked: request };
  const { result: holds, ...made } = await commitToRemote(ports, asked, change, signal);
  return { target: named, holds, ...made };
}

/** @param findings why some holds may not be known */
function notHeld(named: string, findings: readonly Finding[]): AppError {
  const why = findings.map(({ message }) => `; ${message}`).join('');
  return new AppError(
    'manifest/not-found',
    `${named} is not held; \`lockkeeper locks\` lists what is${why}`,
  );
}

/** A hold of history is lifted for all fields of the policy in the file, one of a pull request for all that it proposed. */
function placesOf(holds: readonly ListedHold[]): HoldRelease['places'] {
  const places = holds.map(({ policy, path, pullRequest: place = path }) => {
    return [releaseKey(policy, place), { policy, place }] as const;
  });
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
