import type { ImagePolicy } from '../../api/image-policy.ts';
import type { ImageField, Lock, PolicyKey } from '../manifest/image-field.ts';
import { earliest } from '../schedule.ts';
import type { ImageSlot } from './image-slot.ts';
import { policyKey } from './policy-view.ts';

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

/** Tags that locks in force name, by the policies they may concern: planning needs to know of them. */
export function lockedTags(
  fields: readonly ImageField[],
  policies: readonly ImagePolicy[],
  now: Date,
): ReadonlyMap<PolicyKey, ReadonlySet<string>> {
  const marked = new Map<PolicyKey | undefined, Set<string>>();
  for (const field of fields) {
    for (const { tag } of field.locks.filter((lock) => !hasExpired(lock, now))) {
      if (tag === undefined) continue;
      marked.set(field.marker, (marked.get(field.marker) ?? new Set()).add(tag));
    }
  }
  // An unmarked field finds its policy by repository only when planning: its lock may be anyone's.
  const unmarked = marked.get(undefined) ?? new Set<string>();
  return new Map(
    policies.map((policy) => {
      const own = policyLock(policy);
      const ownTag = own?.tag !== undefined && !hasExpired(own, now) ? [own.tag] : [];
      const key = policyKey(policy);
      return [key, new Set([...ownTag, ...(marked.get(key) ?? []), ...unmarked])];
    }),
  );
}

/** The earliest moment still to come at which a lock lifts: a pass is due again then. */
export function nextExpiry(
  fields: readonly ImageField[],
  policies: readonly ImagePolicy[],
  now: Date,
): Date | undefined {
  const locks = [...fields.flatMap((field) => field.locks), ...policies.map(policyLock)];
  const times = locks.flatMap((lock) => (lock?.until === undefined ? [] : [new Date(lock.until)]));
  return earliest(...times.filter((time) => time > now));
}
