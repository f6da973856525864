import type { AppError } from '../../../src/domain/errors.ts';
import { CLUSTER_TIMING, type ClusterTiming } from '../../../src/adapters/kubernetes/timing.ts';
import type { ClusterObserver } from '../../../src/adapters/kubernetes/trouble.ts';
import type { ClusterObject, ObjectListener } from '../../../src/ports/cluster.ts';

/** Production's times, with short pauses between attempts. */
export const QUICK: ClusterTiming = { ...CLUSTER_TIMING, retryMs: 50, maxRetryMs: 500 };

/** Remembers what a follower tells, as lines such as `+ ns/name`. */
export interface Recording extends ObjectListener {
  readonly lines: string[];
  readonly objects: Map<string, ClusterObject>;
}

export function recording(): Recording {
  const lines: string[] = [];
  const objects = new Map<string, ClusterObject>();
  return {
    lines,
    objects,
    changed(object) {
      lines.push(`+ ${object.ref.name}`);
      objects.set(object.ref.name, object);
    },
    removed(ref) {
      lines.push(`- ${ref.name}`);
      objects.delete(ref.name);
    },
    synced: () => lines.push('synced'),
  };
}

/** Remembers troubles and recoveries. */
export interface Observations extends ClusterObserver {
  readonly troubles: AppError[];
  readonly recoveries: string[];
}

export function observations(): Observations {
  const troubles: AppError[] = [];
  const recoveries: string[] = [];
  return {
    troubles,
    recoveries,
    trouble: (_what, error) => troubles.push(error),
    recovered: (what) => recoveries.push(what),
  };
}
