import { readTimelines } from '../../domain/promotion/kept-timelines.ts';
import { readPolicyStatus } from '../../domain/status/policy-status.ts';
import type { SiteStore } from '../promotion/site-store.ts';
import type { ClusterObjects } from './objects.ts';

/**
 * What locations held, in the status of their policies, where every look at a policy tells it. When they
 * were last looked at is not kept: it would have to be written all the time.
 */
export function statusSites(objects: ClusterObjects): SiteStore {
  return {
    load: async ({ automation, repo }, policies) => ({
      timelines: new Map(
        [...policies].flatMap((policy) => {
          const known = objects.get('ImagePolicy', policy);
          const { deployed } = known === undefined ? {} : readPolicyStatus(objects.statusOf(known));
          const own = readTimelines(deployed).find(
            (one) => one.automation === automation && one.repo === repo,
          );
          return own === undefined ? [] : [[policy, own.timeline] as const];
        }),
      ),
    }),
    save: async () => undefined,
  };
}
