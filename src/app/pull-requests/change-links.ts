import type { PolicyKey } from '../../domain/manifest/image-field.ts';
import type { PolicyView } from '../../domain/plan/policy-view.ts';
import type { Change } from '../../domain/plan/update-plan.ts';
import { changesUrl, type ImageOrigin } from '../../domain/pull-requests/change-link.ts';
import type { ChangeLink } from '../../domain/pull-requests/pull-request-text.ts';
import type { PolicyViews } from '../scan/policy-views.ts';

/** Links of one pull request; each may cost some requests. */
const MAX_LINKS = 20;

/** All of them together: a pull request waits no longer for what is nice to have. */
const WITHIN_MS = 10_000;

/** Where images say that they come from. */
export interface OriginSource {
  readonly views: Pick<PolicyViews, 'originOf'>;
  readonly viewOf: (policy: PolicyKey) => PolicyView | undefined;
}

/**
 * Where to read what changed between the old and the new image of each step, by what both say of themselves.
 * Whatever cannot be had in time is left out.
 */
export async function changeLinks(
  { views, viewOf }: OriginSource,
  changes: readonly Change[],
  signal: AbortSignal,
): Promise<readonly ChangeLink[]> {
  const steps = new Map(
    changes.map((change) => [
      JSON.stringify([change.policy, change.image, change.from, change.to]),
      change,
    ]),
  );
  const inTime = AbortSignal.any([signal, AbortSignal.timeout(WITHIN_MS)]);
  const links = [...steps.values()].slice(0, MAX_LINKS).map(async (change) => {
    const { policy: key, image, from, to } = change;
    const view = viewOf(key);
    if (view === undefined) return [];
    const origin = (target: string): Promise<ImageOrigin | undefined> =>
      views.originOf(view.policy, target, inTime).catch(() => undefined);
    const [before, after] = await Promise.all([
      from === undefined ? undefined : origin(from),
      origin(to),
    ]);
    const url = after === undefined ? undefined : changesUrl(before, after);
    return url === undefined
      ? []
      : [{ image, to, url, ...(from === undefined ? {} : { from }) } satisfies ChangeLink];
  });
  return (await Promise.all(links)).flat();
}
