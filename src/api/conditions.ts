import { z } from 'zod';
import { moment } from './schema.ts';

/**
 * Condition types, as kstatus reads them. `Ready`: the newest spec is in effect. `Reconciling`: work
 * goes on. `Stalled`: nothing moves until a person changes the spec.
 */
export const CONDITION_TYPES = ['Ready', 'Reconciling', 'Stalled'] as const;

/** One of {@link CONDITION_TYPES}. */
export type ConditionType = (typeof CONDITION_TYPES)[number];

/** Every reason a condition can give, with its meaning. Scripts may rely on these names. */
export const REASONS = {
  Succeeded: 'The last run did all it had to do.',
  Progressing: 'A run has begun and is not over.',
  Suspended: 'spec.suspend is set.',
  InvalidSpec: 'The spec cannot work as it is written; the message names the field.',
  NotSupported:
    'The spec asks for what this controller does not or may not do; the message says what helps.',
  SecretNotFound: 'A Secret that the spec names is not there or lacks a key.',
  AccessDenied:
    'The registry, the Git server, the forge, the API server or another namespace refused access.',
  SourceNotFound: 'The GitRepository that spec.sourceRef names is not there.',
  SourceInvalid: 'Nothing can be committed to what the GitRepository of spec.sourceRef describes.',
  ScanFailed: 'The tags of the repository could not be listed.',
  NoMatchingTag: 'The repository has no tag that the policy allows.',
  VerificationFailed:
    'The tag that is chosen or locked is not signed as verify demands; nothing is changed.',
  MinimumAge: 'Every tag that the policy allows is younger than minimumAge.',
  Soaking: 'Every tag that the policy allows has to run longer where it is promoted from.',
  NotPromoted:
    'What the policy is promoted from runs no tag that it allows, or nobody knows what it runs.',
  PromotionInvalid: 'promoteFrom names no policy that anything could be promoted from.',
  Unconfirmed: 'A scan found far fewer tags, or an older choice; a second one has to confirm it.',
  Locked: 'A lock decides the tag.',
  LockTagMissing: 'The tag of the lock is not in the registry; nothing is changed.',
  GitFailed: 'The config repo could not be read.',
  PushRejected: 'The Git server refused the commit.',
  PullRequestFailed: 'The forge could not be asked, or did not take a pull request.',
  ManifestInvalid: 'Some files or markers cannot be used; the message names the first.',
  WindowClosed: 'Changes wait until spec.windows allow a commit; the message says until when.',
  Batching: 'Changes wait for more until spec.batchWindow is over; the message says until when.',
  PolicyNotReady: 'Some policies have no tag to write; the others go on.',
} as const;

/** Why a condition is as it is: one of {@link REASONS}. */
export type Reason = keyof typeof REASONS;

/** `metav1.Condition`. */
export const conditionSchema = z.object({
  type: z
    .string()
    .min(1)
    .max(316)
    .describe('Type of the condition: Ready, Reconciling or Stalled.'),
  status: z.enum(['True', 'False', 'Unknown']).describe('Whether the condition holds.'),
  observedGeneration: z
    .int()
    .min(0)
    .meta({ format: 'int64' })
    .optional()
    .describe('Generation of the spec that the condition is about.'),
  lastTransitionTime: moment('When status last changed.'),
  reason: z.string().min(1).max(1024).describe('Why, in one word for scripts.'),
  message: z.string().max(32768).describe('Why, in one line for people.'),
});

/** `status.conditions` of our kinds. */
export const conditionsSchema = z
  .array(conditionSchema)
  .max(8)
  .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] })
  .describe('State of the object, as kstatus conditions: Ready, Reconciling, Stalled.');

/** One entry of `status.conditions`. */
export interface Condition {
  readonly type: ConditionType;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly observedGeneration?: number;
  /** RFC 3339. */
  readonly lastTransitionTime: string;
  readonly reason: Reason;
  readonly message: string;
}

/**
 * The conditions with one of them set: replaced in its place, or added at the end. The transition
 * time stays while the status stays, whatever becomes of reason and message.
 * @param now when the condition was found to be so
 */
export function setCondition(
  conditions: readonly Condition[],
  next: Omit<Condition, 'lastTransitionTime'>,
  now: Date,
): readonly Condition[] {
  const before = conditions.find(({ type }) => type === next.type);
  const after: Condition = {
    ...next,
    lastTransitionTime: before?.status === next.status ? before.lastTransitionTime : toSeconds(now),
  };
  return before === undefined
    ? [...conditions, after]
    : conditions.map((condition) => (condition === before ? after : condition));
}

/** RFC 3339 to the second: `metav1.Time` has no fractions. */
export function toSeconds(time: Date): string {
  return time.toISOString().replace(/\.\d{3}Z$/, 'Z');
}
