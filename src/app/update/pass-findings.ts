import type { ImageUpdateAutomation } from '../../api/image-update-automation.ts';
import type { Finding } from '../../domain/errors.ts';
import type { PolicyKey } from '../../domain/manifest/image-field.ts';
import { messageFor, type MessageStyle } from '../../domain/message-template/template-message.ts';
import type { BlockReason, PolicyView } from '../../domain/plan/policy-view.ts';
import type { Change } from '../../domain/plan/update-plan.ts';
import type { Resources } from '../../domain/resources/merge-resources.ts';

/** What a pass is about, for its findings. */
export interface FindingsSubject {
  readonly automation: ImageUpdateAutomation | undefined;
  readonly resources: Resources;
  readonly views: ReadonlyMap<PolicyKey, PolicyView>;
  readonly changes: readonly Change[];
  readonly style: MessageStyle;
  readonly isCluster: boolean;
}

/** What is to be told of a pass besides its files and fields: policies that failed, and fields of its automation. */
export function passFindings(subject: FindingsSubject): readonly Finding[] {
  const { automation, resources, views, changes, style, isCluster } = subject;
  return [
    ...failedPolicies(views, resources),
    ...(isCluster ? [] : unknownAges(views, resources)),
    ...suspension(automation),
    ...(isCluster ? [] : clusterOnly(automation)),
    ...wordingFault(changes, style),
  ];
}

/** Without a cluster what is known of tags is in files, which a pipeline may throw away after each run. */
function unknownAges(
  views: ReadonlyMap<PolicyKey, PolicyView>,
  { policies }: Resources,
): readonly Finding[] {
  return [...views].flatMap(([key, { choice, agesUnknown }]) => {
    if (agesUnknown !== true || choice.kind !== 'selected') return [];
    const at = policies.get(key)?.at;
    const message = `ImagePolicy ${key}: ${choice.tag} counts as old enough for minimumAge, because this is the first look at its tags; keep the cache folder (LOCKKEEPER_CACHE_DIR) between runs, for ages are counted from now on`;
    return [
      {
        severity: 'warning',
        code: 'policy/ages-unknown',
        message,
        ...(at === undefined ? {} : { at }),
      },
    ];
  });
}

function suspension(automation: ImageUpdateAutomation | undefined): readonly Finding[] {
  if (automation?.spec.suspend !== true) return [];
  const { namespace, name } = automation.metadata;
  const message = `ImageUpdateAutomation ${namespace}/${name} is suspended: nothing is updated`;
  return [{ severity: 'warning', code: 'automation/suspended', message }];
}

/** Fields that mean something in a cluster alone. */
function clusterOnly(automation: ImageUpdateAutomation | undefined): readonly Finding[] {
  if (automation?.spec.reconcileAfterPush === undefined) return [];
  const { namespace, name } = automation.metadata;
  const message = `ImageUpdateAutomation ${namespace}/${name}: spec.reconcileAfterPush does nothing without a cluster`;
  return [{ severity: 'warning', code: 'resource/not-supported', message }];
}

/** What keeps a template from wording these very changes: the default message takes its place. */
function wordingFault(changes: readonly Change[], style: MessageStyle): readonly Finding[] {
  const { fault } = changes.length === 0 ? {} : messageFor(changes, style);
  if (fault === undefined) return [];
  const message = `spec.commit.messageTemplate: ${fault}; the default message is used`;
  return [{ severity: 'warning', code: 'resource/invalid', message }];
}

/** What a person has to see to, unlike an age that comes by itself. */
const NEEDS_A_PERSON: ReadonlySet<BlockReason> = new Set<BlockReason>([
  'VerificationFailed',
  'PromotionInvalid',
]);

function failedPolicies(
  views: ReadonlyMap<PolicyKey, PolicyView>,
  { policies }: Resources,
): readonly Finding[] {
  return [...views].flatMap(([key, { choice }]) => {
    const isRefused = choice.kind === 'blocked' && NEEDS_A_PERSON.has(choice.reason);
    if (choice.kind !== 'failed' && !isRefused) return [];
    const at = policies.get(key)?.at;
    const message = `ImagePolicy ${key}: ${choice.message}`;
    return [
      { severity: 'error', code: 'policy/failed', message, ...(at === undefined ? {} : { at }) },
    ];
  });
}
