import type { ImagePolicy } from '../../api/image-policy.ts';
import type { Lock } from '../manifest/image-field.ts';
import type { ImageSlot } from './image-slot.ts';

/** The lock in effect on a slot, by rank: field, workload, policy. Expired locks do not count. */
export function effectiveLock(slot: ImageSlot, policy: ImagePolicy, now: Date): Lock | undefined {
  const locks = slot.fields.flatMap((field) => field.locks);
  const inForce = locks.filter((lock) => !hasExpired(lock, now));
  const ofPolicy = policyLock(policy);
  return (
    inForce.find((lock) => lock.scope === 'field') ??
    inForce.find((lock) => lock.scope === 'workload') ??
    (ofPolicy !== undefined && !hasExpired(ofPolicy, now) ? ofPolicy : undefined)
  );
}

/** Has the lock's `until` passed? A time that cannot be read never passes: better held than moved. */
export function hasExpired(lock: Pick<Lock, 'until'>, now: Date): boolean {
  return lock.until !== undefined && Date.parse(lock.until) <= now.getTime();
}

/** `spec.lock` of a policy, as the lock of each of its locations. */
export function policyLock(policy: ImagePolicy): Lock | undefined {
  const { spec, metadata } = policy;
  if (spec.lock === undefined) return undefined;
  const { tag, digest, reason, by, until } = spec.lock;
  return {
    scope: 'policy',
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
    ...(reason === undefined ? {} : { reason }),
    ...(by === undefined ? {} : { by }),
    ...(until === undefined ? {} : { until }),
    at: { path: `ImagePolicy ${metadata.namespace}/${metadata.name}` },
  };
}
