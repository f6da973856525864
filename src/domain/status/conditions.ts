import { setCondition, type Condition, type Reason } from '../../api/conditions.ts';
import { shortened } from './shortened.ts';

/** Longest message of a condition: a line for people, not a report. */
const MAX_MESSAGE_CHARS = 1_024;

/** What became of an object, before it is told in conditions. */
export interface Verdict {
  readonly reason: Reason;
  /** One line for a person. */
  readonly message: string;
  /**
   * `ready`: all is as the spec says. `failing`: it is not, and the controller goes on trying.
   * `blocked`: it is not, and only something outside (a tag, a file, another object) can change that.
   * `stalled`: it is not, and only a change of the spec can help.
   */
  readonly state: 'ready' | 'failing' | 'blocked' | 'stalled';
}

/**
 * Conditions that say a verdict, by the rules of kstatus: there is always a `Ready`; `Reconciling` and
 * `Stalled` are there only while they are true. Conditions of other types stay.
 */
export function conditionsOf(
  verdict: Verdict,
  previous: readonly Condition[],
  { generation, now }: { readonly generation: number; readonly now: Date },
): readonly Condition[] {
  const { reason, state } = verdict;
  const message = shortened(verdict.message, MAX_MESSAGE_CHARS);
  const base = { observedGeneration: generation, reason, message };
  const wanted = [
    { ...base, type: 'Ready', status: state === 'ready' ? 'True' : 'False' } as const,
    ...(state === 'failing'
      ? [{ ...base, type: 'Reconciling', status: 'True', reason: 'Progressing' } as const]
      : []),
    ...(state === 'stalled' ? [{ ...base, type: 'Stalled', status: 'True' } as const] : []),
  ];
  const kept = previous.filter(
    ({ type }) =>
      (type !== 'Reconciling' && type !== 'Stalled') ||
      wanted.some((condition) => condition.type === type),
  );
  return wanted.reduce<readonly Condition[]>(
    (conditions, condition) => setCondition(conditions, condition, now),
    kept,
  );
}

/** The `Ready` condition, where there is one. */
export function readyOf(conditions: readonly Condition[] | undefined): Condition | undefined {
  return conditions?.find(({ type }) => type === 'Ready');
}
