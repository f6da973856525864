import type { Finding } from '../errors.ts';
import type { Verdict } from './conditions.ts';

/** What faults of a spec mean: nothing moves until a person changes it. */
export function specVerdict([first, ...others]: readonly [Finding, ...Finding[]]): Verdict {
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
  return { state: 'stalled', reason: 'InvalidSpec', message: `${first.message}${more}` };
}
