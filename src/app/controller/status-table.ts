import type { Condition } from '../../api/conditions.ts';
import type { ImagePolicyStatus } from '../../api/image-policy-status.ts';
import type { ImageUpdateAutomationStatus } from '../../api/image-update-automation-status.ts';
import type { ClusterObject } from '../../ports/cluster.ts';

/** One policy, in words for a table. */
export interface PolicyRow {
  readonly policy: string;
  readonly image: string;
  readonly latest?: string;
  readonly previous?: string;
  /** Tags that wait, and until when. */
  readonly pending?: readonly { readonly tag: string; readonly eligibleAt?: string }[];
  /** Reason of the `Ready` condition, or `Waiting` before the first run. */
  readonly state: string;
  readonly message: string;
}

/** One automation, in words for a table. */
export interface AutomationRow {
  readonly automation: string;
  readonly repo: string;
  readonly lastPush?: string;
  readonly state: string;
  readonly message: string;
}

/** A field that a person moved back, or would not have changed. */
export interface HoldRow {
  readonly automation: string;
  /** `file:line`. */
  readonly location: string;
  readonly tag: string;
  readonly by?: string;
  readonly time?: string;
  readonly commit?: string;
  readonly pullRequest?: string;
}

/** What `lockkeeper status` shows. */
export interface StatusTable {
  readonly policies: readonly PolicyRow[];
  readonly automations: readonly AutomationRow[];
  readonly holds: readonly HoldRow[];
}

/** How objects stand, by namespace and name. */
export function statusTable(
  policies: readonly ClusterObject[],
  automations: readonly ClusterObject[],
): StatusTable {
  const byName = (a: { automation: string }, b: { automation: string }) =>
    a.automation < b.automation ? -1 : 1;
  return {
    policies: policies.map(policyRow).toSorted((a, b) => (a.policy < b.policy ? -1 : 1)),
    automations: automations.map(automationRow).toSorted(byName),
    // The order of an automation's own stays: sorting is stable.
    holds: automations
      .flatMap(holdRows)
      .toSorted((a, b) => (a.automation === b.automation ? 0 : byName(a, b))),
  };
}

function holdRows({ ref, status }: ClusterObject): readonly HoldRow[] {
  const { holds = [] } = (status ?? {}) as ImageUpdateAutomationStatus;
  return holds.map(({ location, tag, by, time, commit, pullRequest }) => ({
    automation: `${ref.namespace}/${ref.name}`,
    location,
    tag,
    ...(by === undefined ? {} : { by }),
    ...(time === undefined ? {} : { time }),
    ...(commit === undefined ? {} : { commit }),
    ...(pullRequest === undefined ? {} : { pullRequest }),
  }));
}

function policyRow({ ref, spec, status }: ClusterObject): PolicyRow {
  const { latest, previous, pending, conditions } = (status ?? {}) as ImagePolicyStatus;
  const { image } = (spec ?? {}) as { image?: string };
  return {
    policy: `${ref.namespace}/${ref.name}`,
    image: image ?? '',
    ...(latest === undefined ? {} : { latest: latest.tag }),
    ...(previous === undefined ? {} : { previous: previous.tag }),
    ...(pending === undefined
      ? {}
      : {
          pending: pending.map(({ tag, eligibleAt }) => ({
            tag,
            ...(eligibleAt === undefined ? {} : { eligibleAt }),
          })),
        }),
    ...readiness(conditions),
  };
}

function automationRow({ ref, spec, status }: ClusterObject): AutomationRow {
  const { lastPush, conditions } = (status ?? {}) as ImageUpdateAutomationStatus;
  return {
    automation: `${ref.namespace}/${ref.name}`,
    repo: repoText(ref.namespace, spec),
    ...(lastPush === undefined ? {} : { lastPush: lastPush.time }),
    ...readiness(conditions),
  };
}

/** The address of the repo, or the object that has it. */
function repoText(namespace: string, spec: unknown): string {
  const { git, sourceRef } = (spec ?? {}) as {
    git?: { url?: string };
    sourceRef?: { kind?: string; namespace?: string; name?: string };
  };
  if (sourceRef === undefined) return git?.url ?? '';
  return `${sourceRef.kind} ${sourceRef.namespace ?? namespace}/${sourceRef.name}`;
}

function readiness(conditions: ImagePolicyStatus['conditions']) {
  const ready = (conditions as readonly Condition[] | undefined)?.find(
    ({ type }) => type === 'Ready',
  );
  return { state: ready?.reason ?? 'Waiting', message: ready?.message ?? 'not looked at yet' };
}
