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

/** What `lockkeeper status` shows. */
export interface StatusTable {
  readonly policies: readonly PolicyRow[];
  readonly automations: readonly AutomationRow[];
}

/** How objects stand, by namespace and name. */
export function statusTable(
  policies: readonly ClusterObject[],
  automations: readonly ClusterObject[],
): StatusTable {
  return {
    policies: policies.map(policyRow).toSorted((a, b) => (a.policy < b.policy ? -1 : 1)),
    automations: automations
      .map(automationRow)
      .toSorted((a, b) => (a.automation < b.automation ? -1 : 1)),
  };
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
